-- The schema of sample_test.go. testdata/dump.sh loads it into PostgreSQL 15
-- and writes what its catalogs say to testdata/oracle.
CREATE SCHEMA sales;
COMMENT ON SCHEMA sales IS 'orders and customers';
CREATE TYPE sales.order_status AS ENUM ('new', 'paid');
CREATE DOMAIN sales.positive_int AS integer CHECK (VALUE > 0);
CREATE TYPE sales.price AS (amount numeric(10,2), currency char(3));
CREATE SEQUENCE sales.invoice_no START WITH 1000 INCREMENT BY 10;
CREATE TABLE sales.customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    email varchar(120) UNIQUE,
    country char(2) DEFAULT 'SE' NOT NULL,
    credit numeric(12,2) DEFAULT 0 NOT NULL CHECK (credit >= 0),
    gone integer,
    tags text[] DEFAULT '{}'::text[],
    created_at timestamptz(3),
    code text COLLATE "C",
    span interval day to second(2)
);
ALTER TABLE sales.customers DROP COLUMN gone;
COMMENT ON TABLE sales.customers IS 'people who buy';
COMMENT ON COLUMN sales.customers.email IS 'login address';
CREATE INDEX customers_country_name_idx ON sales.customers (country, name DESC);
CREATE INDEX customers_lower_idx ON sales.customers (lower(name));
CREATE INDEX customers_sum_idx ON sales.customers ((credit + 1), code NULLS FIRST) WHERE credit > 5;
CREATE UNIQUE INDEX customers_email_idx ON sales.customers (email text_pattern_ops DESC NULLS LAST) INCLUDE (name, code) NULLS NOT DISTINCT WITH (fillfactor = 70);
CREATE TABLE sales.orders (
    id serial PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES sales.customers (id) ON DELETE CASCADE,
    status sales.order_status DEFAULT 'new' NOT NULL,
    qty sales.positive_int,
    "Total" numeric GENERATED ALWAYS AS (1) STORED,
    parent integer,
    CONSTRAINT orders_qty_check CHECK (qty IS NULL OR customer_id > 0) NO INHERIT,
    CONSTRAINT orders_status_key UNIQUE (status, "Total") DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT orders_parent_fkey FOREIGN KEY (parent) REFERENCES sales.orders (id) MATCH FULL ON UPDATE SET NULL DEFERRABLE
);
COMMENT ON CONSTRAINT orders_qty_check ON sales.orders IS 'never mind';
CREATE VIEW sales.open_orders AS SELECT id, status FROM sales.orders;

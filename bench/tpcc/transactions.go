package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// terminal runs transactions on one connection, each prepared statement once.
type terminal struct {
	random
	conn       *pgx.Conn
	warehouses int
	home       int // its warehouse
}

// errRolledBack is what the one new order in a hundred ends with that asks for
// an item that is not there (clause 2.4.1.4).
var errRolledBack = errors.New("rolled back as intended")

// kind is a transaction's profile; the weights make the mix of clause 5.2.3.
type kind struct {
	name   string
	weight int
	run    func(t *terminal, ctx context.Context, tx pgx.Tx) error
}

var kinds = []kind{
	{"new-order", 45, (*terminal).newOrder},
	{"payment", 43, (*terminal).payment},
	{"order-status", 4, (*terminal).orderStatus},
	{"delivery", 4, (*terminal).delivery},
	{"stock-level", 4, (*terminal).stockLevel},
}

func (t *terminal) pickKind() int {
	n := t.IntN(100)
	for i := range kinds {
		if n -= kinds[i].weight; n < 0 {
			return i
		}
	}
	return 0
}

func (t *terminal) otherWarehouse() int {
	if t.warehouses == 1 {
		return t.home
	}
	w := t.between(1, t.warehouses-1)
	if w >= t.home {
		w++
	}
	return w
}

type orderLine struct{ item, supply, quantity int }

// newOrder is clause 2.4.
func (t *terminal) newOrder(ctx context.Context, tx pgx.Tx) error {
	d, c := t.between(1, districts), t.customer()
	lines := make([]orderLine, t.between(5, 15))
	local := 1
	for i := range lines {
		lines[i] = orderLine{t.item(), t.home, t.between(1, 10)}
		if t.IntN(100) == 0 && t.warehouses > 1 {
			lines[i].supply, local = t.otherWarehouse(), 0
		}
	}
	if t.IntN(100) == 0 {
		lines[len(lines)-1].item = items + 1
	}
	var discount, wTax, dTax, last, credit string
	err := tx.QueryRow(ctx, `select c_discount::text, c_last, c_credit, w_tax::text from customer, warehouse
		where w_id = $1 and c_w_id = w_id and c_d_id = $2 and c_id = $3`, t.home, d, c).Scan(&discount, &last, &credit, &wTax)
	if err != nil {
		return err
	}
	var o int
	err = tx.QueryRow(ctx, `update district set d_next_o_id = d_next_o_id + 1 where d_w_id = $1 and d_id = $2
		returning d_next_o_id - 1, d_tax::text`, t.home, d).Scan(&o, &dTax)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `insert into orders(o_id, o_d_id, o_w_id, o_c_id, o_entry_d, o_ol_cnt, o_all_local)
		values ($1, $2, $3, $4, now()::timestamp, $5, $6)`, o, d, t.home, c, len(lines), local); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `insert into new_order(no_o_id, no_d_id, no_w_id) values ($1, $2, $3)`, o, d, t.home); err != nil {
		return err
	}
	for i, l := range lines {
		if err := t.orderLine(ctx, tx, o, d, i+1, l); err != nil {
			return err
		}
	}
	return nil
}

func (t *terminal) orderLine(ctx context.Context, tx pgx.Tx, o, d, number int, l orderLine) error {
	var price, name, data, info, stockData string
	err := tx.QueryRow(ctx, `select i_price::text, i_name, i_data from item where i_id = $1`, l.item).Scan(&price, &name, &data)
	if errors.Is(err, pgx.ErrNoRows) {
		return errRolledBack
	}
	if err != nil {
		return err
	}
	remote := 0
	if l.supply != t.home {
		remote = 1
	}
	err = tx.QueryRow(ctx, fmt.Sprintf(`update stock set s_quantity = case when s_quantity >= $1 + 10 then s_quantity - $1 else s_quantity - $1 + 91 end,
		s_ytd = s_ytd + $1, s_order_cnt = s_order_cnt + 1, s_remote_cnt = s_remote_cnt + $2
		where s_i_id = $3 and s_w_id = $4 returning s_dist_%02d, s_data`, d), l.quantity, remote, l.item, l.supply).Scan(&info, &stockData)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `insert into order_line(ol_o_id, ol_d_id, ol_w_id, ol_number, ol_i_id, ol_supply_w_id, ol_quantity, ol_amount, ol_dist_info)
		values ($1, $2, $3, $4, $5, $6, $7::int, $7::int * $8::text::numeric, $9)`, o, d, t.home, number, l.item, l.supply, l.quantity, price, info)
	return err
}

// customerByName picks the middle one of the customers of a name (clause 2.5.2.2).
func (t *terminal) customerByName(ctx context.Context, tx pgx.Tx, w, d int) (int, error) {
	rows, err := tx.Query(ctx, `select c_id from customer where c_w_id = $1 and c_d_id = $2 and c_last = $3 order by c_first`,
		w, d, lastName(t.nonUniform(255, cLastRun, 0, 999)))
	if err != nil {
		return 0, err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil || len(ids) == 0 {
		return 1, err
	}
	return ids[(len(ids)-1)/2], nil
}

func (t *terminal) someCustomer(ctx context.Context, tx pgx.Tx, w, d int) (int, error) {
	if t.IntN(100) < 60 {
		return t.customerByName(ctx, tx, w, d)
	}
	return t.customer(), nil
}

// payment is clause 2.5.
func (t *terminal) payment(ctx context.Context, tx pgx.Tx) error {
	d := t.between(1, districts)
	cw, cd := t.home, d
	if t.IntN(100) < 15 {
		cw, cd = t.otherWarehouse(), t.between(1, districts)
	}
	amount := fmt.Sprintf("%d.%02d", t.between(1, 4999), t.IntN(100))
	var wName, dName string
	if err := tx.QueryRow(ctx, `update warehouse set w_ytd = w_ytd + $1::text::numeric where w_id = $2 returning w_name`, amount, t.home).Scan(&wName); err != nil {
		return err
	}
	if err := tx.QueryRow(ctx, `update district set d_ytd = d_ytd + $1::text::numeric where d_w_id = $2 and d_id = $3 returning d_name`,
		amount, t.home, d).Scan(&dName); err != nil {
		return err
	}
	c, err := t.someCustomer(ctx, tx, cw, cd)
	if err != nil {
		return err
	}
	var credit string
	if err := tx.QueryRow(ctx, `update customer set c_balance = c_balance - $1::text::numeric, c_ytd_payment = c_ytd_payment + $1::text::numeric,
		c_payment_cnt = c_payment_cnt + 1 where c_w_id = $2 and c_d_id = $3 and c_id = $4 returning c_credit`, amount, cw, cd, c).Scan(&credit); err != nil {
		return err
	}
	if credit == "BC" {
		if _, err := tx.Exec(ctx, `update customer set c_data = substr($1::text || c_data, 1, 500) where c_w_id = $2 and c_d_id = $3 and c_id = $4`,
			fmt.Sprintf("%d %d %d %d %d %s|", c, cd, cw, d, t.home, amount), cw, cd, c); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, `insert into history values ($1, $2, $3, $4, $5, now()::timestamp, $6::text::numeric, $7)`,
		c, cd, cw, d, t.home, amount, wName+"    "+dName)
	return err
}

// orderStatus is clause 2.6.
func (t *terminal) orderStatus(ctx context.Context, tx pgx.Tx) error {
	d := t.between(1, districts)
	c, err := t.someCustomer(ctx, tx, t.home, d)
	if err != nil {
		return err
	}
	var first, middle, last, balance string
	if err := tx.QueryRow(ctx, `select c_first, c_middle, c_last, c_balance::text from customer where c_w_id = $1 and c_d_id = $2 and c_id = $3`,
		t.home, d, c).Scan(&first, &middle, &last, &balance); err != nil {
		return err
	}
	var o int
	err = tx.QueryRow(ctx, `select o_id from orders where o_w_id = $1 and o_d_id = $2 and o_c_id = $3 order by o_id desc limit 1`, t.home, d, c).Scan(&o)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `select ol_i_id from order_line where ol_w_id = $1 and ol_d_id = $2 and ol_o_id = $3`, t.home, d, o)
	if err != nil {
		return err
	}
	_, err = pgx.CollectRows(rows, pgx.RowTo[int])
	return err
}

// delivery is clause 2.7: the oldest open order of each district.
func (t *terminal) delivery(ctx context.Context, tx pgx.Tx) error {
	carrier := t.between(1, 10)
	for d := 1; d <= districts; d++ {
		var o, c int
		err := tx.QueryRow(ctx, `select no_o_id from new_order where no_w_id = $1 and no_d_id = $2 order by no_o_id limit 1 for update`, t.home, d).Scan(&o)
		if errors.Is(err, pgx.ErrNoRows) {
			continue
		}
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `delete from new_order where no_w_id = $1 and no_d_id = $2 and no_o_id = $3`, t.home, d, o)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			continue // another delivery took it
		}
		if err := tx.QueryRow(ctx, `update orders set o_carrier_id = $1 where o_w_id = $2 and o_d_id = $3 and o_id = $4 returning o_c_id`,
			carrier, t.home, d, o).Scan(&c); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update order_line set ol_delivery_d = now()::timestamp where ol_w_id = $1 and ol_d_id = $2 and ol_o_id = $3`,
			t.home, d, o); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update customer set c_delivery_cnt = c_delivery_cnt + 1, c_balance = c_balance +
			(select sum(ol_amount) from order_line where ol_w_id = $1 and ol_d_id = $2 and ol_o_id = $3)
			where c_w_id = $1 and c_d_id = $2 and c_id = $4`, t.home, d, o, c); err != nil {
			return err
		}
	}
	return nil
}

// stockLevel is clause 2.8: items of the last 20 orders that are short.
func (t *terminal) stockLevel(ctx context.Context, tx pgx.Tx) error {
	d := t.between(1, districts)
	var next, short int
	if err := tx.QueryRow(ctx, `select d_next_o_id from district where d_w_id = $1 and d_id = $2`, t.home, d).Scan(&next); err != nil {
		return err
	}
	return tx.QueryRow(ctx, `select count(distinct s_i_id) from order_line, stock where ol_w_id = $1 and ol_d_id = $2
		and ol_o_id < $3 and ol_o_id >= $3 - 20 and s_w_id = $1 and s_i_id = ol_i_id and s_quantity < $4`, t.home, d, next, t.between(10, 20)).Scan(&short)
}

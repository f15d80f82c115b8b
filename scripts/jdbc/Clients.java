// What pgjdbc does with a server: start with java -cp POSTGRESQL.jar Clients.java URL.
// Prints "ok: NAME" for each part, and ends with 1 at the first that fails.
import java.math.BigDecimal;
import java.io.StringReader;
import java.sql.*;
import java.util.*;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

public class Clients {
    static void check(boolean holds, String what) {
        if (!holds) throw new IllegalStateException(what);
    }

    static long number(Connection c, String sql) throws SQLException {
        try (Statement s = c.createStatement(); ResultSet r = s.executeQuery(sql)) {
            check(r.next(), sql);
            return r.getLong(1);
        }
    }

    static void types(Connection c) throws SQLException {
        try (Statement s = c.createStatement()) {
            s.execute("CREATE TABLE jdbc_types (id int PRIMARY KEY, n numeric(20,4), d float8, t timestamptz, b bytea, u uuid, a int[], x text, f boolean, day date)");
        }
        UUID id = UUID.randomUUID();
        // Ten times: from the fifth on the driver prepares on the server and asks for binary results.
        for (int i = 0; i < 10; i++) {
            try (PreparedStatement p = c.prepareStatement("INSERT INTO jdbc_types VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")) {
                p.setInt(1, i);
                p.setBigDecimal(2, new BigDecimal("12345678901.2345"));
                p.setDouble(3, 0.1 * i);
                p.setTimestamp(4, Timestamp.valueOf("2024-02-29 12:34:56.789"));
                p.setBytes(5, new byte[] {0, 1, (byte) 0xff});
                p.setObject(6, id);
                p.setArray(7, c.createArrayOf("int4", new Integer[] {1, null, 3}));
                if (i % 2 == 0) p.setNull(8, Types.VARCHAR); else p.setString(8, "ä\\'\"\n" + i);
                p.setBoolean(9, i % 2 == 1);
                p.setObject(10, java.time.LocalDate.of(1969, 12, 31));
                check(p.executeUpdate() == 1, "insert");
            }
        }
        try (PreparedStatement p = c.prepareStatement("SELECT * FROM jdbc_types WHERE id = ?")) {
            for (int i = 0; i < 10; i++) {
                p.setInt(1, i);
                try (ResultSet r = p.executeQuery()) {
                    check(r.next(), "row " + i);
                    check(r.getBigDecimal(2).equals(new BigDecimal("12345678901.2345")), "numeric");
                    check(r.getDouble(3) == 0.1 * i, "float8");
                    check(r.getTimestamp(4).equals(Timestamp.valueOf("2024-02-29 12:34:56.789")), "timestamptz");
                    check(Arrays.equals(r.getBytes(5), new byte[] {0, 1, (byte) 0xff}), "bytea");
                    check(id.equals(r.getObject(6)), "uuid");
                    check(Arrays.equals((Integer[]) r.getArray(7).getArray(), new Integer[] {1, null, 3}), "int[]");
                    check(Objects.equals(r.getString(8), i % 2 == 0 ? null : "ä\\'\"\n" + i), "text");
                    check(r.getBoolean(9) == (i % 2 == 1), "boolean");
                    check(r.getObject(10, java.time.LocalDate.class).equals(java.time.LocalDate.of(1969, 12, 31)), "date");
                    check(!r.next(), "one row");
                }
            }
        }
    }

    static void batchesAndCursors(Connection c) throws SQLException {
        c.setAutoCommit(false);
        try (Statement s = c.createStatement()) {
            s.execute("CREATE TABLE jdbc_rows (id bigserial PRIMARY KEY, v int)");
        }
        c.commit();
        try (PreparedStatement p = c.prepareStatement("INSERT INTO jdbc_rows (v) VALUES (?)", Statement.RETURN_GENERATED_KEYS)) {
            for (int i = 0; i < 1000; i++) {
                p.setInt(1, i);
                p.addBatch();
            }
            check(p.executeBatch().length == 1000, "batch");
            try (ResultSet keys = p.getGeneratedKeys()) {
                int n = 0;
                while (keys.next()) n++;
                check(n == 1000, n + " generated keys");
            }
        }
        Savepoint sp = c.setSavepoint("one");
        try (Statement s = c.createStatement()) {
            s.execute("INSERT INTO jdbc_rows VALUES (1, 0)");
            check(false, "a key twice");
        } catch (SQLException e) {
            check("23505".equals(e.getSQLState()), "SQLSTATE " + e.getSQLState());
        }
        c.rollback(sp);
        try (Statement s = c.createStatement()) {
            s.setFetchSize(64);
            try (ResultSet r = s.executeQuery("SELECT v FROM jdbc_rows ORDER BY v")) {
                int n = 0;
                while (r.next()) check(r.getInt(1) == n++, "a row of a cursor");
                check(n == 1000, n + " rows of a cursor");
            }
        }
        c.commit();
        c.setAutoCommit(true);
    }

    static void metadata(Connection c) throws SQLException {
        DatabaseMetaData m = c.getMetaData();
        Set<String> columns = new TreeSet<>();
        try (ResultSet r = m.getColumns(null, "public", "jdbc_types", null)) {
            while (r.next()) columns.add(r.getString("COLUMN_NAME") + " " + r.getString("TYPE_NAME"));
        }
        check(columns.contains("n numeric") && columns.contains("t timestamptz") && columns.size() == 10, "columns " + columns);
        try (ResultSet r = m.getPrimaryKeys(null, "public", "jdbc_types")) {
            check(r.next() && r.getString("COLUMN_NAME").equals("id"), "primary key");
        }
        try (ResultSet r = m.getTables(null, "public", "jdbc_%", new String[] {"TABLE"})) {
            int n = 0;
            while (r.next()) n++;
            check(n == 2, n + " tables");
        }
    }

    static void copy(Connection c) throws Exception {
        CopyManager copier = c.unwrap(PGConnection.class).getCopyAPI();
        StringBuilder rows = new StringBuilder();
        for (int i = 0; i < 20000; i++) rows.append(100000 + i).append('\t').append(i).append('\n');
        check(copier.copyIn("COPY jdbc_rows FROM STDIN", new StringReader(rows.toString())) == 20000, "COPY FROM");
        java.io.StringWriter out = new java.io.StringWriter();
        check(copier.copyOut("COPY (SELECT * FROM jdbc_rows WHERE id >= 100000 ORDER BY id) TO STDOUT", out) == 20000, "COPY TO");
        check(out.toString().equals(rows.toString()), "what COPY gave back");
    }

    static void connections(String url) throws Exception {
        List<Connection> all = new ArrayList<>();
        for (int i = 0; i < 12; i++) all.add(DriverManager.getConnection(url));
        try (Statement s = all.get(0).createStatement()) {
            s.execute("CREATE TABLE jdbc_sum (n bigint); INSERT INTO jdbc_sum VALUES (0)");
        }
        List<Thread> threads = new ArrayList<>();
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        for (Connection c : all) {
            Thread t = new Thread(() -> {
                try (PreparedStatement p = c.prepareStatement("UPDATE jdbc_sum SET n = n + ?")) {
                    for (int i = 0; i < 10; i++) {
                        p.setLong(1, 1);
                        check(p.executeUpdate() == 1, "update");
                    }
                } catch (Throwable e) {
                    failures.add(e);
                }
            });
            threads.add(t);
            t.start();
        }
        for (Thread t : threads) t.join();
        check(failures.isEmpty(), failures.toString());
        check(number(all.get(11), "SELECT n FROM jdbc_sum") == 120, "updates by 12 connections");
        for (Connection c : all) c.close();
    }

    static void cancel(Connection c) throws Exception {
        try (Statement s = c.createStatement()) {
            s.setQueryTimeout(1);
            s.execute("SELECT pg_sleep(30)");
            check(false, "a timeout");
        } catch (SQLException e) {
            check("57014".equals(e.getSQLState()), "SQLSTATE " + e.getSQLState());
        }
        check(number(c, "SELECT 1") == 1, "after a timeout");
    }

    public static void main(String[] args) throws Exception {
        try (Connection c = DriverManager.getConnection(args[0])) {
            types(c);
            System.out.println("ok: types");
            batchesAndCursors(c);
            System.out.println("ok: batches, generated keys, savepoints, cursors");
            metadata(c);
            System.out.println("ok: metadata");
            copy(c);
            System.out.println("ok: COPY");
            cancel(c);
            System.out.println("ok: query timeout");
        }
        connections(args[0]);
        System.out.println("ok: twelve connections");
        try (Connection c = DriverManager.getConnection(args[0]); Statement s = c.createStatement()) {
            s.execute("DROP TABLE jdbc_types, jdbc_rows, jdbc_sum");
        }
    }
}

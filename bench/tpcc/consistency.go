package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// conditions are those of clause 3.3.2, each as a query that counts what breaks it.
var conditions = []string{
	1: `select count(*) from warehouse where w_ytd <> (select sum(d_ytd) from district where d_w_id = w_id)`,
	2: `select count(*) from district
		left join (select o_w_id, o_d_id, max(o_id) m from orders group by 1, 2) o on o_w_id = d_w_id and o_d_id = d_id
		left join (select no_w_id, no_d_id, max(no_o_id) m from new_order group by 1, 2) n on no_w_id = d_w_id and no_d_id = d_id
		where d_next_o_id - 1 <> o.m or (n.m is not null and n.m <> o.m)`,
	3: `select count(*) from (select no_w_id, no_d_id from new_order group by 1, 2 having max(no_o_id) - min(no_o_id) + 1 <> count(*)) q`,
	4: `select count(*) from (select o_w_id w, o_d_id d, sum(o_ol_cnt) s from orders group by 1, 2) o
		full join (select ol_w_id w, ol_d_id d, count(*) c from order_line group by 1, 2) l on o.w = l.w and o.d = l.d where s is distinct from c`,
	5: `select count(*) from orders left join new_order on no_w_id = o_w_id and no_d_id = o_d_id and no_o_id = o_id
		where (o_carrier_id is null) <> (no_o_id is not null)`,
	6: `select count(*) from orders left join (select ol_w_id, ol_d_id, ol_o_id, count(*) c from order_line group by 1, 2, 3) l
		on ol_w_id = o_w_id and ol_d_id = o_d_id and ol_o_id = o_id where o_ol_cnt is distinct from c`,
	7: `select count(*) from order_line join orders on o_w_id = ol_w_id and o_d_id = ol_d_id and o_id = ol_o_id
		where (ol_delivery_d is null) <> (o_carrier_id is null)`,
	8: `select count(*) from warehouse where w_ytd <> (select sum(h_amount) from history where h_w_id = w_id)`,
	9: `select count(*) from district where d_ytd <> (select sum(h_amount) from history where h_w_id = d_w_id and h_d_id = d_id)`,
	10: `select count(*) from customer
		left join (select o_w_id w, o_d_id d, o_c_id c, sum(ol_amount) s from orders, order_line
			where ol_w_id = o_w_id and ol_d_id = o_d_id and ol_o_id = o_id and ol_delivery_d is not null group by 1, 2, 3) o
			on o.w = c_w_id and o.d = c_d_id and o.c = c_id
		left join (select h_c_w_id w, h_c_d_id d, h_c_id c, sum(h_amount) s from history group by 1, 2, 3) h
			on h.w = c_w_id and h.d = c_d_id and h.c = c_id
		where c_balance <> coalesce(o.s, 0) - coalesce(h.s, 0)`,
	11: `select count(*) from (select o_w_id w, o_d_id d, count(*) c from orders group by 1, 2) o
		join (select no_w_id w, no_d_id d, count(*) c from new_order group by 1, 2) n on n.w = o.w and n.d = o.d
		join (select o_w_id w, o_d_id d, count(*) c from orders where o_carrier_id is not null group by 1, 2) e on e.w = o.w and e.d = o.d
		where o.c - n.c <> e.c`,
	12: `select count(*) from customer
		left join (select o_w_id w, o_d_id d, o_c_id c, sum(ol_amount) s from orders, order_line
			where ol_w_id = o_w_id and ol_d_id = o_d_id and ol_o_id = o_id and ol_delivery_d is not null group by 1, 2, 3) o
			on o.w = c_w_id and o.d = c_d_id and o.c = c_id
		where c_balance + c_ytd_payment <> coalesce(o.s, 0)`,
}

// check returns the numbers of the conditions that do not hold.
func check(ctx context.Context, conn *pgx.Conn) (broken []int, err error) {
	for n := 1; n < len(conditions); n++ {
		var count int
		if err := conn.QueryRow(ctx, conditions[n]).Scan(&count); err != nil {
			return nil, fmt.Errorf("condition %d: %w", n, err)
		}
		if count > 0 {
			broken = append(broken, n)
		}
	}
	return broken, nil
}

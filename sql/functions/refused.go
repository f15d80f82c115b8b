package functions

// refused are functions and procedures that clients made for TimescaleDB may call and
// that are not there: 0A000 says so, where others that do not exist are 42883.
var refused = map[string]bool{
	"add_job": true, "alter_job": true, "delete_job": true, "run_job": true,
	"add_reorder_policy": true, "remove_reorder_policy": true, "reorder_chunk": true, "move_chunk": true, "merge_chunks": true, "split_chunk": true,
	"attach_chunk": true, "detach_chunk": true, "recompress_chunk": true,
	"attach_tablespace": true, "detach_tablespace": true, "detach_tablespaces": true, "show_tablespaces": true,
	"enable_chunk_skipping": true, "disable_chunk_skipping": true, "set_adaptive_chunking": true,
	"create_distributed_hypertable": true, "set_replication_factor": true, "add_data_node": true, "distributed_exec": true,
	"freq_agg": true, "mcv_agg": true, "count_min_sketch": true, "asap_smooth": true, "gp_lttb": true,
	"with_bounds": true, "counter_zero_time": true, "extrapolated_delta": true, "extrapolated_rate": true, "interpolated_delta": true, "interpolated_rate": true,
	"interpolated_average": true, "interpolated_integral": true, "interpolated_uptime": true, "interpolated_downtime": true, "interpolate_heartbeat": true, "trim_to": true,
	"interpolated_duration_in": true, "interpolated_state_timeline": true, "interpolated_state_int_timeline": true, "interpolated_state_periods": true,
	"into_int_values": true, "state_int_timeline": true, "state_at": true, "timeline_agg": true,
	"approx_percentile_array": true, "topn": true, "min_frequency": true, "max_frequency": true, "approx_count": true, "into_array": true,
	"min_n": true, "max_n": true, "min_n_by": true, "max_n_by": true,
}

// Refused reports whether a function that does not exist is known and not supported.
func Refused(name string) bool { return refused[name] }

package physical

import "math"

// joinSide is what a join's cost depends on.
type joinSide struct {
	rows, cost float64
}

// hashJoinCost is the cost of a hash join that yields out rows.
func hashJoinCost(probe, build joinSide, out float64) float64 {
	return probe.cost + build.cost + build.rows*cpuBuild + probe.rows*cpuProbe + out*cpuEmit
}

// mergeJoinCost is the cost of walking two ordered inputs.
func mergeJoinCost(left, right joinSide, out float64) float64 {
	return left.cost + right.cost + (left.rows+right.rows)*cpuMerge + out*cpuEmit
}

// nestedLoopCost is the cost of comparing all pairs; the right side is read once.
func nestedLoopCost(left, right joinSide, out float64) float64 {
	return left.cost + right.cost + left.rows*right.rows*cpuOperator + right.rows*cpuEmit + out*cpuEmit
}

// lookupCost is the cost of finding match rows for each left row by a key;
// distance is the table's.
func lookupCost(left joinSide, match float64, covers bool, distance, out float64) float64 {
	perRow := cpuLookup * distance
	if covers {
		perRow = cpuTuple
	}
	return left.cost + left.rows*(cpuSeek*distance+match*perRow) + out*cpuEmit
}

// sortCost is the cost of sorting rows rows.
func sortCost(rows float64) float64 {
	n := math.Max(2, rows)
	return cpuCompare * n * math.Log2(n)
}

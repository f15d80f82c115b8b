package sqldocs

//go:generate sh -c "cd ../.. && go run ./internal/gen/sqldocs"

module caller_go

go 1.19

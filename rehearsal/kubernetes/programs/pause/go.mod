module fines/pause

go 1.26.0

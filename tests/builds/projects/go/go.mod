module project

go 1.19

require github.com/gosimple/slug v1.13.1

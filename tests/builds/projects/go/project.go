package project

import "github.com/gosimple/slug"

func Apply(input string) (string, error) {
	return slug.Make(input), nil
}

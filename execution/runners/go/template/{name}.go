package {name}

import "fmt"

// State is what Load returns and every Apply gets.
type State struct {
	greeting string
}

// Load runs once, before the first call. Leave it out when there is nothing to load.
func Load() (*State, error) {
	return &State{greeting: "Hello"}, nil
}

// Apply answers one call. Give the input the type that you want: any, string, []byte, a number, a slice, a map or a struct.
// What is returned becomes text, binary or JSON in the same way.
func Apply(input string, state *State) (string, error) {
	return fmt.Sprintf("%s, %s!", state.greeting, input), nil
}

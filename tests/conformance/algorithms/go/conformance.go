package conformance

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/google/uuid"
)

type Deliberate struct{ message string }

func (problem *Deliberate) Error() string { return problem.message }

type State struct{ count int }

func Load() (*State, error) {
	if _, err := os.Stat("fail_load.txt"); err == nil {
		return nil, errors.New("no model")
	}
	return &State{}, nil
}

func Apply(input any, state *State) (any, error) {
	values, _ := input.(map[string]any)
	switch values["do"] {
	case nil:
		return input, nil
	case "text":
		return "tëxt 🍎", nil
	case "bytes":
		return []byte{0, 255, 10, 128}, nil
	case "count":
		state.count++
		return state.count, nil
	case "raise":
		panic(&Deliberate{"deliberate 🍎"})
	case "exit":
		os.Exit(3)
	case "loop":
		for {
		}
	case "stream":
		return count(int(values["count"].(float64))), nil
	case "print":
		return printMuch(values["mebibytes"].(float64)), nil
	case "hog":
		return hog(), nil
	}
	return spawn()
}

func count(last int) <-chan int {
	numbers := make(chan int)
	go func() {
		defer close(numbers)
		for number := 1; number <= last; number++ {
			numbers <- number
		}
	}()
	return numbers
}

func printMuch(mebibytes float64) string {
	child := exec.Command("echo", "from a child")
	child.Stdout = os.Stdout
	child.Run()
	for number := 0; number < int(mebibytes)*1024; number++ {
		fmt.Println(strings.Repeat("x", 1023), uuid.Nil)
	}
	return "printed"
}

func hog() any {
	var held [][]byte
	for {
		held = append(held, []byte(strings.Repeat("x", 1<<20)))
	}
}

func spawn() (any, error) {
	for number := 0; number < 2000; number++ {
		if err := exec.Command("sleep", "60").Start(); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

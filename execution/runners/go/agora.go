// Answers calls to one algorithm in Go: one line of JSON in, one out, on the call channel (descriptor 3). A build compiles
// it together with the author's package; the stage of the warm slot has said ready, and hands over the order to load.
//
// What the algorithm prints goes to the log pipe (descriptors 1 and 2).
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
)

const (
	channelNumber = 3
	readBuffer    = 1 << 18
)

var (
	errorType = reflect.TypeOf((*error)(nil)).Elem()
	bytesType = reflect.TypeOf([]byte(nil))
	anyType   = reflect.TypeOf((*any)(nil)).Elem()
)

type order struct {
	Load struct {
		Directory   string            `json:"directory"`
		Environment map[string]string `json:"environment_variables"`
	} `json:"load"`
}

type request struct {
	ID          string          `json:"id"`
	ContentType string          `json:"content_type"`
	Data        json.RawMessage `json:"data"`
}

type failure struct {
	Message    string `json:"message"`
	Stacktrace string `json:"stacktrace"`
	ErrorType  string `json:"error_type"`
}

// serve loads the version and answers until the channel closes. apply takes the input and, if load returns a state, that;
// both may return an error last.
func serve(apply, load any) {
	started := time.Now()
	syscall.CloseOnExec(channelNumber)
	channel := os.NewFile(channelNumber, "call channel")
	var state []reflect.Value
	line := guarded(func() []byte {
		state = loadVersion(load)
		return []byte(fmt.Sprintf(`{"loaded":{"duration_us":%d}}`, time.Since(started).Microseconds()))
	})
	send(channel, line)
	if bytes.HasPrefix(line, []byte(`{"error"`)) {
		os.Exit(1)
	}
	requests := bufio.NewReaderSize(channel, readBuffer)
	for {
		line, err := requests.ReadBytes('\n')
		if err != nil {
			return
		}
		var asked request
		text := guarded(func() []byte { return answer(channel, apply, state, line, &asked) })
		if asked.ID != "" {
			id, _ := json.Marshal(asked.ID)
			text = append(append(append(text[:len(text)-1], `,"id":`...), id...), '}')
		}
		send(channel, text)
	}
}

func send(channel *os.File, line []byte) {
	if _, err := channel.Write(append(line, '\n')); err != nil {
		os.Exit(1)
	}
}

func loadVersion(load any) []reflect.Value {
	var wanted order
	text, err := os.ReadFile(os.Args[1])
	check(err)
	check(json.Unmarshal(text, &wanted))
	for name, value := range wanted.Load.Environment {
		check(os.Setenv(name, value))
	}
	check(os.Chdir(wanted.Load.Directory))
	if load == nil {
		return nil
	}
	return call(reflect.ValueOf(load))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// call answers what the function returns, without its error, which it panics with.
func call(function reflect.Value, arguments ...reflect.Value) []reflect.Value {
	results := function.Call(arguments[:min(len(arguments), function.Type().NumIn())])
	count := len(results)
	if count == 0 || !results[count-1].Type().Implements(errorType) {
		return results
	}
	if err, failed := results[count-1].Interface().(error); failed {
		panic(returned{err})
	}
	return results[:count-1]
}

// returned is an error that the author's function returned, as against what it panicked with.
type returned struct{ error }

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

func answer(channel *os.File, apply any, state []reflect.Value, line []byte, asked *request) []byte {
	check(json.Unmarshal(line, asked))
	function := reflect.ValueOf(apply)
	results := call(function, append([]reflect.Value{input(*asked, function.Type().In(0))}, state...)...)
	if len(results) == 0 {
		return resultLine("result", nil)
	}
	result := results[0].Interface()
	sent := 0
	put := func(chunk reflect.Value) {
		sent++
		sendChunk(channel, chunk.Interface())
	}
	if !eachChunk(reflect.ValueOf(result), put) {
		return resultLine("result", result)
	}
	if sent == 0 {
		return resultLine("result", []any{})
	}
	return resultLine("result", nil)
}

// eachChunk hands over what a channel or an iterator (a func(yield func(T) bool)) brings; false for any other result.
func eachChunk(result reflect.Value, put func(reflect.Value)) bool {
	switch {
	case result.Kind() == reflect.Chan:
		for chunk, open := result.Recv(); open; chunk, open = result.Recv() {
			put(chunk)
		}
	case isIterator(result):
		result.Call([]reflect.Value{reflect.MakeFunc(result.Type().In(0), func(chunks []reflect.Value) []reflect.Value {
			put(chunks[0])
			return []reflect.Value{reflect.ValueOf(true)}
		})})
	default:
		return false
	}
	return true
}

func isIterator(result reflect.Value) bool {
	if result.Kind() != reflect.Func || result.Type().NumIn() != 1 || result.Type().In(0).Kind() != reflect.Func {
		return false
	}
	yield := result.Type().In(0)
	return yield.NumIn() == 1 && yield.NumOut() == 1 && yield.Out(0).Kind() == reflect.Bool
}

// sendChunk sends it, or fails the call with it if it is an error: a channel has no other way to tell one.
func sendChunk(channel *os.File, chunk any) {
	if err, failed := chunk.(error); failed {
		panic(returned{err})
	}
	send(channel, resultLine("chunk", chunk))
}

// input makes a value of the type that apply takes.
func input(asked request, wanted reflect.Type) reflect.Value {
	value := reflect.New(wanted)
	if asked.ContentType != "binary" {
		check(json.Unmarshal(asked.Data, value.Interface()))
		return value.Elem()
	}
	if wanted != anyType && wanted != bytesType {
		panic(fmt.Errorf("the input is binary where %s is wanted", wanted))
	}
	var data []byte
	check(json.Unmarshal(asked.Data, &data))
	value.Elem().Set(reflect.ValueOf(data))
	return value.Elem()
}

func resultLine(key string, result any) []byte {
	kind := "json"
	switch result.(type) {
	case string:
		kind = "text"
	case []byte:
		kind = "binary"
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if data, isBytes := result.([]byte); isBytes && data == nil {
		result = []byte{}
	}
	check(encoder.Encode(result))
	written := bytes.TrimRight(text.Bytes(), "\n")
	return []byte(`{"` + key + `":` + string(written) + `,"metadata":{"content_type":"` + kind + `"}}`)
}

// guarded answers the action's line, or an error line when it panics.
func guarded(action func() []byte) (line []byte) {
	defer func() {
		if problem := recover(); problem != nil {
			line, _ = json.Marshal(map[string]failure{"error": describe(problem, debug.Stack())})
		}
	}()
	return action()
}

func describe(problem any, stack []byte) failure {
	message := fmt.Sprint(problem)
	if own, isReturned := problem.(returned); isReturned {
		return failure{message, message, typeName(own.error)}
	}
	return failure{message, message + "\n" + authorFrames(string(stack)), typeName(problem)}
}

// typeName is the error's own type; errors.New and fmt.Errorf make none worth telling, but may wrap one.
func typeName(problem any) string {
	err, isError := problem.(error)
	if !isError {
		return "panic"
	}
	for ; err != nil; err = errors.Unwrap(err) {
		name := strings.TrimLeft(reflect.TypeOf(err).String(), "*")
		if !strings.HasPrefix(name, "errors.") && !strings.HasPrefix(name, "fmt.") {
			return name
		}
	}
	return "error"
}

// authorFrames keeps the calls between the panic and ours; each takes two lines.
func authorFrames(stack string) string {
	_, stack, _ = strings.Cut(stack, "panic(")
	lines := strings.Split(stack, "\n")
	var kept []string
	for index := 2; index+1 < len(lines); index += 2 {
		if strings.HasPrefix(lines[index], "main.") || strings.HasPrefix(lines[index], "reflect.") {
			break
		}
		kept = append(kept, lines[index], lines[index+1])
	}
	return strings.Join(kept, "\n")
}

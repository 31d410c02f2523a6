package caller_go

import (
	"io"
	"net/http"
	"os"
	"strings"
)

func Apply(input string) (string, error) {
	address := os.Getenv("ALGORITHMIA_API") + "/v1/algo/demo/template_python?output=raw"
	answer, err := http.Post(address, "text/plain", strings.NewReader(input))
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

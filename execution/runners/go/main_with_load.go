package main

import algorithm "{import}"

func main() {
	serve(algorithm.Apply, algorithm.Load)
}

// Goroutines that never yield, so that the runtime must preempt them by signals; locks, channels, timers, garbage collection, a nil
// pointer, a child process.
package main

import (
	"fmt"
	"os/exec"
	"runtime"
	"sync"
	"time"
)

func work(n int) int {
	sum := 0
	for i := 0; i < n; i++ {
		sum += i % 7
	}
	return sum
}

func nilPointer() {
	defer func() { fmt.Println("recovered:", recover()) }()
	var p *int
	*p = 1
}

func main() {
	var group sync.WaitGroup
	var mutex sync.Mutex
	results := map[int]int{}
	for i := 0; i < 50; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			r := work(100000 * i % 1000000)
			mutex.Lock()
			results[i] = r
			mutex.Unlock()
		}(i)
	}
	spins := 0
	go func() {
		for {
			spins++
		}
	}()
	time.Sleep(50 * time.Millisecond)
	group.Wait()
	runtime.GC() // stops the world, the spinning goroutine included
	total := 0
	for i := 0; i < 50; i++ {
		total += results[i] * i
	}
	fmt.Println("total", total, len(results))
	nilPointer()
	numbers := make(chan int)
	go func() {
		for i := 0; i < 10000; i++ {
			numbers <- i
		}
		close(numbers)
	}()
	sum := 0
	for n := range numbers {
		sum += n
	}
	fmt.Println("sum", sum)
	out, err := exec.Command("/bin/echo", "child").CombinedOutput()
	fmt.Print(string(out), err, "\n")
}

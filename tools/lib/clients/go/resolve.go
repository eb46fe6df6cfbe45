// Asks Go's own resolver: reads lines "COUNT NAME", writes for each call its addresses.

package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"strings"
)

func main() {
	resolver := &net.Resolver{PreferGo: true}
	lines := bufio.NewScanner(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	for lines.Scan() {
		var calls int
		var name string
		fmt.Sscan(lines.Text(), &calls, &name)
		for ; calls > 0; calls-- {
			addresses, err := resolver.LookupHost(context.Background(), name)
			if err != nil {
				fmt.Fprintln(out, "error", err)
			} else {
				fmt.Fprintln(out, strings.Join(addresses, " "))
			}
		}
		out.Flush()
	}
}

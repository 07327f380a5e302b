// Runs the whole of h2spec, strict cases too, against HOST PORT, and writes a report in JUnit's XML to FILE.
//
//	h2spec HOST PORT FILE [SECTION...]
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/summerwind/h2spec"
	"github.com/summerwind/h2spec/config"
)

// A case fails when its answer takes longer; the machine may be busy. Cases that expect silence wait so long.
const timeout = 3 * time.Second

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func run(args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("usage: h2spec HOST PORT FILE [SECTION...]")
	}
	port, err := strconv.Atoi(args[1])
	if err != nil {
		return fmt.Errorf("the port %q is no number", args[1])
	}
	// What failed is in the report: whoever reads it decides.
	_, err = h2spec.Run(&config.Config{
		Host:         args[0],
		Port:         port,
		Path:         "/",
		Timeout:      timeout,
		MaxHeaderLen: 4000,
		Strict:       true,
		JUnitReport:  args[2],
		Sections:     args[3:],
	})
	return err
}

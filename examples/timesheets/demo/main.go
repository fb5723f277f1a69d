// Command demo runs the timesheets scenario unattended: it starts the example
// API, and for each user the example client. It logs each user in with a
// headless browser as a person would, shows what the client shows, and compares
// that with what the scenario promises. It runs under tenant0 exec, with a
// running tenant, and its exit status says whether everything was as promised.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

// settings are read from the environment that tenant0 exec sets.
type settings struct {
	Issuer  string        `env:"AUTH0_ISSUER_BASE_URL" required:"" placeholder:"URL" help:"The tenant, with the seed timesheets."`
	Timeout time.Duration `default:"2m" help:"How long everything may take."`
}

func main() {
	var s settings
	k := kong.Parse(&s, kong.Name("demo"), kong.Description("The timesheets scenario, unattended: tenant0 exec -- demo"))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	k.FatalIfErrorf(run(ctx, s.Issuer))
}

// run runs the scenario. The programs that it starts end with it.
func run(ctx context.Context, issuer string) error {
	executable, err := os.Executable()
	if err != nil {
		return err
	}
	programs := filepath.Dir(executable) // make puts the programs into one folder

	ctx, stop := context.WithCancel(ctx)
	api, err := startAPI(ctx, filepath.Join(programs, "api"))
	if err != nil {
		stop()
		return err
	}
	defer api.wait() //nolint:errcheck // it ends because it is stopped
	defer stop()
	browser, closeBrowser, err := startBrowser(ctx, issuer)
	if err != nil {
		return err
	}
	defer closeBrowser()

	fmt.Printf("The timesheets scenario. The tenant is %s, the API %s.\n", issuer, api.url)
	asPromised := true
	for _, p := range promises {
		fmt.Printf("\n%s\n", p.user)
		seen, err := runClient(ctx, filepath.Join(programs, "client"), api.url, func(page string) error {
			return logIn(browser, page, p.user)
		})
		if err != nil {
			return fmt.Errorf("%s: %w", p.user, err)
		}
		if !slices.Equal(seen, p.lines) {
			asPromised = false
			fmt.Println("  This is not what the scenario promises:")
			for _, l := range p.lines {
				fmt.Println("  " + l.String())
			}
		}
	}
	if !asPromised {
		return errors.New("the scenario did not go as promised")
	}
	fmt.Println("\nAll of it is as promised.")
	return nil
}

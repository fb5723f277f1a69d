package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"
)

// sample holds the values of several rounds.
type sample []float64

func (s sample) median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// show formats the median, with the lowest and the highest value in parentheses.
func (s sample) show(format func(float64) string) string {
	if len(s) == 1 {
		return format(s[0])
	}
	return fmt.Sprintf("%s (%s to %s)", format(s.median()), format(slices.Min(s)), format(slices.Max(s)))
}

// Formats of figures.
func perSecond(v float64) string    { return thousands(int(v+0.5)) + "/s" }
func microseconds(v float64) string { return thousands(int(v*1e6+0.5)) + " µs" }
func megabytes(v float64) string    { return fmt.Sprintf("%.1f MB", v/1e6) }
func mebibytes(v float64) string    { return fmt.Sprintf("%.1f MiB", v/mib) }
func ratio(v float64) string        { return fmt.Sprintf("%.2f", v) }
func percent(v float64) string      { return fmt.Sprintf("%.0f %%", 100*v) }

func milliseconds(v float64) string {
	if v < 0.01 {
		return fmt.Sprintf("%.1f ms", v*1e3)
	}
	return fmt.Sprintf("%.0f ms", v*1e3)
}

func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// table is the result of a run.
type table struct {
	rows    []row
	limits  sample // signatures per second
	foreign sample // share of the cores that other programs took, in all rounds that are used
	notes   []string
}

// row is one measurement. ratio is figure / limit, where the limit of each round is that of the
// same round.
type row struct{ measure, figure, limit, ratio, target, verdict string }

// rate adds the rate of an operation, which must reach a share of the limit; target 0 sets no
// target.
func (t *table) rate(measure string, rounds []round, target float64) {
	rates := column(rounds, func(r round) float64 { return r.rate })
	limits := column(rounds, func(r round) float64 { return r.limit })
	ratios := divide(rates, limits)
	r := row{measure: measure, figure: rates.show(perSecond), limit: perSecond(limits.median()), ratio: ratios.show(ratio)}
	if target > 0 {
		r.target, r.verdict = "at least "+ratio(target), verdict(ratios.median() >= target)
	}
	t.rows = append(t.rows, r)
	t.count(rounds)
}

// flat adds the cost of an operation in a large tenant, which may be at most a multiple of the cost
// in a small one. The limit of each round is the rate in the small tenant, which little describes.
func (t *table) flat(measure, little string, rounds []round, most float64) {
	cost := column(rounds, func(r round) float64 { return 1 / r.rate })
	least := column(rounds, func(r round) float64 { return 1 / r.limit })
	t.compared(measure, cost, microseconds, least, microseconds(least.median())+" "+little, most)
	t.count(rounds)
}

// beside adds the CPU time of an operation at the server in addition to its signatures, which may
// be at most a multiple of a signature.
func (t *table) beside(measure string, rounds []round, signatures, most float64) {
	costs := column(rounds, func(r round) float64 { return max(0, r.cpu-signatures*r.signature) })
	units := column(rounds, func(r round) float64 { return r.signature })
	t.compared("CPU beside signing: "+measure, costs, microseconds, units, microseconds(units.median())+" a signature", most)
}

// compared adds figures that may be at most a multiple of others from the same rounds.
func (t *table) compared(measure string, figures sample, format func(float64) string, others sample, shown string, most float64) {
	ratios := divide(figures, others)
	t.rows = append(t.rows, row{measure, figures.show(format), shown, ratios.show(ratio), "at most " + ratio(most), verdict(ratios.median() <= most)})
}

// inSignatures adds durations in seconds that may be at most a multiple of the time of a signature
// on one core.
func (t *table) inSignatures(measure string, took sample, most float64) {
	one := float64(runtime.GOMAXPROCS(0)) / t.limits.median()
	t.compared(measure, took, milliseconds, slices.Repeat(sample{one}, len(took)), microseconds(one)+" a signature", most)
}

// count records how quiet the rounds were.
func (t *table) count(rounds []round) {
	t.foreign = append(t.foreign, column(rounds, func(r round) float64 { return r.foreign })...)
}

// atMost adds a figure that must stay below a limit.
func (t *table) atMost(measure string, figures sample, limit float64, format func(float64) string) {
	limits := slices.Repeat(sample{limit}, len(figures))
	ratios := divide(figures, limits)
	t.rows = append(t.rows, row{
		measure, figures.show(format), format(limit), ratio(ratios.median()), "at most 1", verdict(ratios.median() <= 1),
	})
}

func (t *table) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

func divide(a, b sample) sample {
	quotients := make(sample, len(a))
	for i := range a {
		quotients[i] = a[i] / b[i]
	}
	return quotients
}

func verdict(ok bool) string {
	if ok {
		return "ok"
	}
	return "MISS"
}

func (t *table) print(w io.Writer, p plan) error {
	fmt.Fprintf(w, "%d cores, %s/%s, %s, %s\n", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), time.Now().Format(time.DateOnly))
	fmt.Fprintf(w, "RSA-2048 signatures with crypto/rsa on all cores: %s\n", t.limits.show(perSecond))
	if len(t.foreign) > 0 {
		fmt.Fprintf(w, "Taken by other programs meanwhile: %s of the cores", t.foreign.show(percent))
		if slices.Max(t.foreign) > quiet {
			fmt.Fprintf(w, "; above %s the figures say little", percent(quiet))
		}
	}
	fmt.Fprint(w, "\n\n")
	out := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(out, "measure\tfigure\tlimit\tratio\ttarget\tverdict")
	for _, r := range t.rows {
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\n", r.measure, r.figure, r.limit, r.ratio, r.target, r.verdict)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nFigures are medians of %d starts and of the %d quietest rounds, with the lowest and the highest in brackets.\n", p.starts, p.rounds)
	for _, n := range t.notes {
		fmt.Fprintln(w, n)
	}
	return nil
}

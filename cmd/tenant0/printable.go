package main

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printable is a text of a tenant as a terminal can show it on one line: what is no visible character or space, such as line
// breaks, escape sequences and marks that turn the direction of writing, is written as Go writes it in a string. Whoever
// chose the text can neither add lines to what tenant0 prints nor steer the terminal.
func printable(text string) string {
	if isPrintable(text) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case visible(r):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(fmt.Sprintf("%+q", r), "'"))
		}
		i += size
	}
	return b.String()
}

func isPrintable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !visible(r) })
}

// visible is true for letters, marks, numbers, signs and spaces, and false for controls, formats and separators of lines.
func visible(r rune) bool { return unicode.IsGraphic(r) }

// printableLines is printable for a text of several lines, which stay lines.
func printableLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = printable(line)
	}
	return strings.Join(lines, "\n")
}

// quote makes one word of a value for a shell, on one line.
func quote(value string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@%+,=~"
	switch {
	case value != "" && strings.Trim(value, plain) == "" && value[0] != '~' && value[0] != '=':
		return value
	case isPrintable(value):
		return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
	}
	// POSIX.1-2024, Shell Command Language, 2.2.4: dollar-single-quotes. Each byte that is not visible ASCII is octal.
	var b strings.Builder
	for _, c := range []byte(value) {
		switch {
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c >= ' ' && c <= '~':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	return "$'" + b.String() + "'"
}

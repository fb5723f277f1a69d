package main

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printable returns a tenant's text in a form that a terminal can show on one line: everything but visible
// characters and spaces, such as line breaks, escape sequences and marks that change the direction of writing, is
// escaped as in a Go string. Thus nobody can use such a text to add lines to tenant0's output or to control the
// terminal.
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

// visible reports whether a character is a letter, mark, number, punctuation, symbol or space. Control and format
// characters and line separators are not.
func visible(r rune) bool { return unicode.IsGraphic(r) }

// printableLines is printable for a text of several lines, whose line breaks are kept.
func printableLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = printable(line)
	}
	return strings.Join(lines, "\n")
}

// quote returns a value as one word for a shell, on one line.
func quote(value string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@%+,=~"
	switch {
	case value != "" && strings.Trim(value, plain) == "" && value[0] != '~' && value[0] != '=':
		return value
	case isPrintable(value):
		return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
	}
	// POSIX.1-2024, Shell Command Language, 2.2.4: dollar-single-quotes. Bytes other than printable ASCII become
	// octal.
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

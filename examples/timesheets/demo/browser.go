package main

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/chromedp/chromedp"
)

// password is the password of every user in the seed.
const password = "ExampleCo!2026"

// closing is how long the browser may take to close.
const closing = 5 * time.Second

// startBrowser starts a headless browser that trusts the tenant.
func startBrowser(ctx context.Context, issuer string) (browser context.Context, closeBrowser func(), err error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU)
	if u, err := url.Parse(issuer); err == nil && u.Scheme == "https" {
		pin, err := pin(ctx, u.Host)
		if err != nil {
			return nil, nil, err
		}
		options = append(options, chromedp.Flag("ignore-certificate-errors-spki-list", pin))
	}
	ctx, stop := chromedp.NewExecAllocator(ctx, options...)
	browser, closeTab := chromedp.NewContext(ctx)
	closeBrowser = func() {
		wait, enough := context.WithTimeout(browser, closing)
		_ = chromedp.Cancel(wait) // killing the browser would leave files behind
		enough()
		closeTab()
		stop()
	}
	if err := chromedp.Do(browser); err != nil {
		closeBrowser()
		return nil, nil, fmt.Errorf("the browser does not start: %w; make prepare installs chromium", err)
	}
	return browser, closeBrowser, nil
}

// pin verifies the tenant's certificate with the authorities that this program
// trusts, and returns the hash of its public key. A browser on Linux ignores
// SSL_CERT_FILE, so it is told to accept this key.
func pin(ctx context.Context, host string) (string, error) {
	var d tls.Dialer
	conn, err := d.DialContext(ctx, "tcp", host)
	if err != nil {
		return "", fmt.Errorf("the tenant: %w", err)
	}
	defer conn.Close()
	leaf := conn.(*tls.Conn).ConnectionState().PeerCertificates[0]
	sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:]), nil
}

// logIn logs a user in like a person, in a window that shares no cookies with
// other windows.
func logIn(browser context.Context, page, user string) error {
	window, closeWindow := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	defer closeWindow()
	err := chromedp.Do(window,
		chromedp.Navigate(page),
		chromedp.SendKeys(chromedp.ID("username"), user),
		chromedp.SendKeys(chromedp.ID("password"), password),
	)
	// Each button leads to another page: first to consent, then to the client's
	// own page.
	for _, button := range []chromedp.CSS{"button[value=default]", "button[value=accept]"} {
		if err == nil {
			err = press(window, button)
		}
	}
	return err
}

// press clicks a button and waits for the page that it leads to.
func press(window context.Context, button chromedp.CSS) error {
	err := chromedp.Do(window, chromedp.Evaluate[chromedp.Void](`void (document.left = true)`), chromedp.Click(button))
	if err != nil {
		return err
	}
	for {
		arrived, err := chromedp.Run(window, chromedp.Evaluate[bool](`!document.left && document.readyState === "complete"`))
		if arrived {
			return nil
		}
		select {
		case <-window.Done():
			return errors.Join(window.Err(), err) // the result may be lost while one page replaces the other
		case <-time.After(10 * time.Millisecond):
		}
	}
}

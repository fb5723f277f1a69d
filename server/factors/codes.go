package factors

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"image/png"
	"math/big"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Secret members of a stored factor, which are never shown.
const (
	secretMember   = "totp_secret"
	recoveryMember = "recovery_code_mac"
)

// Parameters of one-time passwords, RFC 6238, as Auth0 Guardian and Google Authenticator use them.
const (
	period    = 30
	otpSkew   = 1 // how many periods before and after the current one are accepted, for inaccurate clocks
	otpMemory = 2 * time.Minute
)

var otpOptions = totp.ValidateOpts{Period: period, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}

// NewOTPSecret returns a new secret for one-time passwords, in base32.
func NewOTPSecret() string {
	secret := make([]byte, 20)
	_, _ = rand.Read(secret) // never fails: crypto/rand
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

// BarcodeURI returns the otpauth URI from which an authenticator app reads a secret.
func BarcodeURI(tenant, account, secret string) string {
	query := url.Values{"secret": {secret}, "issuer": {tenant}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {strconv.Itoa(period)}}
	return "otpauth://totp/" + url.PathEscape(tenant) + ":" + url.PathEscape(account) + "?" + query.Encode()
}

// OTPDocument returns the document of a factor with a secret for one-time passwords, for Enroll.
func OTPDocument(secret string) storage.Document {
	return storage.Document{"type": "totp", secretMember: secret}
}

// TenantName returns the name of the tenant that authenticator apps show.
func TenantName(tenant storage.Tenant, issuer string) string {
	if tenant.FriendlyName != "" {
		return tenant.FriendlyName
	}
	u, err := url.Parse(issuer)
	if err != nil {
		return ""
	}
	name, _, _ := strings.Cut(u.Hostname(), ".")
	return name
}

// pictureSize is the width of a QR code, in pixels.
const pictureSize = 200

// QRCode returns the QR code of a barcode URI as the data URL of a PNG.
func QRCode(uri string) (string, error) {
	key, err := otp.NewKeyFromURL(uri)
	if err != nil {
		return "", err
	}
	picture, err := key.Image(pictureSize, pictureSize)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return "", err
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// Secret returns the secret for one-time passwords, or "" for other authenticators.
func (a Authenticator) Secret() string {
	secret, _ := a.document[secretMember].(string)
	return secret
}

// CheckOTP finds the authenticator to which a one-time password belongs. mark identifies the password, for
// UseOTP. ok is false if the password is wrong.
func CheckOTP(all []Authenticator, code string, now time.Time) (a Authenticator, mark string, ok bool) {
	for _, a := range all {
		secret := a.Secret()
		if a.Type != OTP || secret == "" {
			continue
		}
		for skew := -otpSkew; skew <= otpSkew; skew++ {
			at := now.Add(time.Duration(skew*period) * time.Second)
			want, err := totp.GenerateCodeCustom(secret, at, otpOptions)
			if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
				return a, a.ID + "\x01" + strconv.FormatInt(at.Unix()/period, 10), true
			}
		}
	}
	return a, "", false
}

// ErrUsed reports a one-time password that was used before.
var ErrUsed = errors.New("the one-time password was used before")

// UseOTP records that a one-time password is used. It returns ErrUsed if it was used before, RFC 6238 section
// 5.2: "The verifier MUST NOT accept the second attempt of the OTP".
func UseOTP(tx *storage.Tx, mark string, now time.Time) error {
	id := "totp\x01" + mark
	used, err := tx.UsedAssertions.Has(id)
	if err == nil && used {
		err = ErrUsed
	}
	if err != nil {
		return err
	}
	return tx.UsedAssertions.Put(storage.UsedAssertion{ID: id, ExpiresAt: now.Add(otpMemory)})
}

// recoveryCharacters are the characters of recovery codes, and recoveryLength is their length.
const (
	recoveryCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ123456789"
	recoveryLength     = 24
)

// NewRecoveryCode returns a new random recovery code.
func NewRecoveryCode() string {
	code := make([]byte, recoveryLength)
	for i := range code {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(recoveryCharacters))))
		if err != nil {
			panic(err) // the system's source of randomness has failed
		}
		code[i] = recoveryCharacters[n.Int64()]
	}
	return string(code)
}

func recoveryKey(userID string) string { return "recovery\x01" + userID }

// SetRecoveryCode stores a user's new recovery code, which replaces the old one.
func SetRecoveryCode(tx *storage.Tx, secrets *keys.Secrets, userID, code string, now time.Time) error {
	return KeepRecoveryCode(tx, userID, "", RecoveryMAC(secrets, userID, code), now)
}

// RecoveryMAC returns the MAC of a user's recovery code, which is stored in place of the code.
func RecoveryMAC(secrets *keys.Secrets, userID, code string) string {
	return base64.RawStdEncoding.EncodeToString(secrets.PasscodeMAC(recoveryKey(userID), code))
}

// KeepRecoveryCode is SetRecoveryCode for the MAC of a code. id is the id for the authentication method, or
// "" for a new one.
func KeepRecoveryCode(tx *storage.Tx, userID, id, mac string, now time.Time) error {
	all, err := AuthenticatorsOf(tx, userID)
	if err != nil {
		return err
	}
	for _, a := range all {
		if a.Type == RecoveryCode {
			if err := Remove(tx, userID, a); err != nil {
				return err
			}
		}
	}
	_, err = Enroll(tx, userID, storage.Document{"id": id, "type": RecoveryCode, recoveryMember: mac}, now)
	return err
}

// CheckRecoveryCode finds the authenticator to which a recovery code belongs; ok is false if the code is
// wrong.
func CheckRecoveryCode(all []Authenticator, secrets *keys.Secrets, userID, code string) (a Authenticator, ok bool) {
	same := secrets.SamePasscode(recoveryKey(userID), code)
	for _, a := range all {
		text, _ := a.document[recoveryMember].(string)
		stored, err := base64.RawStdEncoding.DecodeString(text)
		if a.Type == RecoveryCode && err == nil && len(stored) > 0 && same(stored) {
			return a, true
		}
	}
	return a, false
}

// Hide removes the secret members from the document of a factor.
func Hide(doc storage.Document) {
	delete(doc, secretMember)
	delete(doc, firstMember)
	delete(doc, recoveryMember)
	delete(doc, resource.WebAuthnCredential)
}

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

// Members of a factor that nobody is shown.
const (
	secretMember   = "totp_secret"
	recoveryMember = "recovery_code_mac"
)

// One-time passwords, RFC 6238, as Auth0 Guardian and Google Authenticator make them.
const (
	period    = 30
	otpSkew   = 1 // steps before and after this one, for clocks that go wrong
	otpMemory = 2 * time.Minute
)

var otpOptions = totp.ValidateOpts{Period: period, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}

// NewOTPSecret makes the secret of a one-time password, in base32.
func NewOTPSecret() string {
	secret := make([]byte, 20)
	_, _ = rand.Read(secret) // never fails: crypto/rand
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

// BarcodeURI is what the app that makes one-time passwords reads a secret from.
func BarcodeURI(tenant, account, secret string) string {
	query := url.Values{"secret": {secret}, "issuer": {tenant}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {strconv.Itoa(period)}}
	return "otpauth://totp/" + url.PathEscape(tenant) + ":" + url.PathEscape(account) + "?" + query.Encode()
}

// OTPDocument is the factor of a secret, for Enroll.
func OTPDocument(secret string) storage.Document {
	return storage.Document{"type": "totp", secretMember: secret}
}

// TenantName is what an app that makes one-time passwords shows of a tenant.
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

// Picture draws the QR code of a barcode URI: the data URL of a PNG.
func Picture(uri string) (string, error) {
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

// Secret is the secret of one-time passwords, "" for other authenticators.
func (a Authenticator) Secret() string {
	secret, _ := a.document[secretMember].(string)
	return secret
}

// CheckOTP finds the authenticator that a one-time password is of, and the mark by which it is
// known to be used; ok is false for none.
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

// UseOTP notes that a one-time password is used, RFC 6238 section 5.2: "The verifier MUST NOT
// accept the second attempt of the OTP".
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

// recoveryCharacters are those of recovery codes, of which each has recoveryLength.
const (
	recoveryCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ123456789"
	recoveryLength     = 24
)

// NewRecoveryCode makes a recovery code.
func NewRecoveryCode() string {
	code := make([]byte, recoveryLength)
	for i := range code {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(recoveryCharacters))))
		if err != nil {
			panic(err) // the system has no randomness left to give
		}
		code[i] = recoveryCharacters[n.Int64()]
	}
	return string(code)
}

func recoveryKey(userID string) string { return "recovery\x01" + userID }

// SetRecoveryCode gives a user a recovery code in the place of the one before.
func SetRecoveryCode(tx *storage.Tx, secrets *keys.Secrets, userID, code string, now time.Time) error {
	return KeepRecoveryCode(tx, userID, "", RecoveryMAC(secrets, userID, code), now)
}

// RecoveryMAC is what is kept of a recovery code of a user.
func RecoveryMAC(secrets *keys.Secrets, userID, code string) string {
	return base64.RawStdEncoding.EncodeToString(secrets.PasscodeMAC(recoveryKey(userID), code))
}

// KeepRecoveryCode is SetRecoveryCode for a code of which the MAC is left. id is that of the authentication method,
// "" for any.
func KeepRecoveryCode(tx *storage.Tx, userID, id, mac string, now time.Time) error {
	all, err := Of(tx, userID)
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

// CheckRecoveryCode finds the authenticator that a recovery code is of; ok is false for none.
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

// Hide takes what nobody is shown out of the document of a factor.
func Hide(doc storage.Document) {
	delete(doc, secretMember)
	delete(doc, firstMember)
	delete(doc, recoveryMember)
	delete(doc, resource.WebAuthnCredential)
}

package factors

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"math/big"
	"net/url"
	"strconv"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"github.com/tenant0/tenant0/keys"
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

// CheckOTP finds the authenticator that a one-time password is of, and the mark by which it is
// known to be used; ok is false for none.
func CheckOTP(all []Authenticator, code string, now time.Time) (a Authenticator, mark string, ok bool) {
	for _, a := range all {
		secret, _ := a.document[secretMember].(string)
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
	mac := base64.RawStdEncoding.EncodeToString(secrets.PasscodeMAC(recoveryKey(userID), code))
	_, err = Enroll(tx, userID, storage.Document{"type": RecoveryCode, recoveryMember: mac}, now)
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
	delete(doc, recoveryMember)
}

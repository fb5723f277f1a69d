// Package telephone knows the countries of telephone numbers, and serves the pages where users choose one.
package telephone

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// callingCodes maps ISO 3166-1 country codes to the country codes of telephone numbers, ITU-T E.164.
var callingCodes = func() map[string]string {
	all := map[string]string{}
	for one := range strings.FieldsSeq(`
		AC247 AD376 AE971 AF93 AG1268 AI1264 AL355 AM374 AO244 AR54 AS1684 AT43 AU61 AW297 AX358 AZ994 BA387 BB1246
		BD880 BE32 BF226 BG359 BH973 BI257 BJ229 BL590 BM1441 BN673 BO591 BQ599 BR55 BS1242 BT975 BW267 BY375 BZ501
		CA1 CC61 CD243 CF236 CG242 CH41 CI225 CK682 CL56 CM237 CN86 CO57 CR506 CU53 CV238 CW599 CX61 CY357 CZ420 DE49
		DJ253 DK45 DM1767 DO1 DZ213 EC593 EE372 EG20 EH212 ER291 ES34 ET251 FI358 FJ679 FK500 FM691 FO298 FR33 GA241
		GB44 GD1473 GE995 GF594 GG44 GH233 GI350 GL299 GM220 GN224 GP590 GQ240 GR30 GT502 GU1671 GW245 GY592 HK852
		HN504 HR385 HT509 HU36 ID62 IE353 IL972 IM44 IN91 IO246 IQ964 IR98 IS354 IT39 JE44 JM1876 JO962 JP81 KE254
		KG996 KH855 KI686 KM269 KN1869 KP850 KR82 KW965 KY1345 KZ7 LA856 LB961 LC1758 LI423 LK94 LR231 LS266 LT370
		LU352 LV371 LY218 MA212 MC377 MD373 ME382 MF590 MG261 MH692 MK389 ML223 MM95 MN976 MO853 MP1670 MQ596 MR222
		MS1664 MT356 MU230 MV960 MW265 MX52 MY60 MZ258 NA264 NC687 NE227 NF672 NG234 NI505 NL31 NO47 NP977 NR674 NU683
		NZ64 OM968 PA507 PE51 PF689 PG675 PH63 PK92 PL48 PM508 PR1 PS970 PT351 PW680 PY595 QA974 RE262 RO40 RS381 RU7
		RW250 SA966 SB677 SC248 SD249 SE46 SG65 SH290 SI386 SJ47 SK421 SL232 SM378 SN221 SO252 SR597 SS211 ST239 SV503
		SX1721 SY963 SZ268 TC1649 TD235 TG228 TH66 TJ992 TK690 TL670 TM993 TN216 TO676 TR90 TT1868 TV688 TW886 TZ255
		UA380 UG256 US1 UY598 UZ998 VA39 VC1784 VE58 VG1284 VI1340 VN84 VU678 WF681 WS685 XK383 YE967 YT262 ZA27 ZM260
		ZW263
	`) {
		all[one[:2]] = one[2:]
	}
	return all
}()

// Country is a country by its code of ISO 3166-1, with the code that its telephone numbers begin with and its name.
type Country struct{ ISO, Code, Name string }

// CodeOf returns the country code of a country's telephone numbers, without "+".
func CodeOf(iso string) (code string, ok bool) {
	code, ok = callingCodes[iso]
	return code, ok
}

// lists are the countries by the tag of the language of their names.
var lists sync.Map

// Countries returns all countries with their names in a language, by their names.
func Countries(tag string) []Country {
	if list, known := lists.Load(tag); known {
		return list.([]Country)
	}
	t, err := language.Parse(tag)
	namer := display.Regions(t)
	if err != nil || namer == nil {
		t, namer = language.English, display.Regions(language.English)
	}
	all := make([]Country, 0, len(callingCodes))
	for iso, code := range callingCodes {
		all = append(all, Country{iso, code, nameIn(namer, iso)})
	}
	order := collate.New(t)
	slices.SortFunc(all, func(a, b Country) int {
		return cmp.Or(order.CompareString(a.Name, b.Name), cmp.Compare(a.ISO, b.ISO))
	})
	lists.Store(tag, all)
	return all
}

func nameIn(namer display.Namer, iso string) string {
	region, err := language.ParseRegion(iso)
	if err != nil {
		return iso
	}
	return cmp.Or(namer.Name(region), iso)
}

// decoration is what people put between the digits of a number.
var decoration = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "")

// Plain returns what was typed without the signs between the digits of a number.
func Plain(typed string) string { return decoration.Replace(typed) }

// LacksCode reports whether a text is a number without a country code.
func LacksCode(typed string) bool {
	number := Plain(typed)
	return number != "" && strings.Trim(number, "0123456789") == ""
}

// Complete returns a number that was typed without a country code as one of a country, in international form. Anything else is
// returned as it is.
func Complete(typed, iso string) string {
	if !LacksCode(typed) {
		return typed
	}
	return "+" + callingCodes[iso] + Plain(typed)
}

"""Arm's floating point, transcribed from the Arm ARM (DDI 0487), shared/functions/float, in exact fractions.

Names are the manual's. Numbers are the bits of a format ("f16", "f32", "f64"). An Fp holds FPCR's controls and collects FPSR's flags.
FEAT_AFP (FPCR.AH) is left out.
"""
from fractions import Fraction
from math import isqrt

INVALID, DIV_BY_ZERO, OVERFLOW, UNDERFLOW, INEXACT = 1, 2, 4, 8, 16
FORMATS = {"f16": (16, 5, 10), "f32": (32, 8, 23), "f64": (64, 11, 52)}  # N, E, F
HUGE = Fraction(2) ** 1000000  # FPUnpack's value of infinities


class Fp:
    def __init__(self, dn=False, fz=False, ahp=False, rounding="nearest"):
        self.DN, self.FZ, self.FZ16, self.AHP, self.rounding = dn, fz, fz, ahp, rounding
        self.flags, self.IDC = 0, 0

    def FPProcessException(self, flag):
        self.flags |= flag

    def FPZero(self, sign, fmt):
        return sign << FORMATS[fmt][0] - 1

    def FPInfinity(self, sign, fmt):
        n, e, f = FORMATS[fmt]
        return sign << n - 1 | ((1 << e) - 1) << f

    def FPMaxNormal(self, sign, fmt):
        return self.FPInfinity(sign, fmt) - 1

    def FPDefaultNaN(self, fmt):
        return self.FPInfinity(0, fmt) | 1 << FORMATS[fmt][2] - 1

    def FPUnpackBase(self, bits, fmt, fz16, ahp):
        n, e, f = FORMATS[fmt]
        sign, exp, frac = bits >> n - 1, bits >> f & ((1 << e) - 1), bits & ((1 << f) - 1)
        minimum_exp = 2 - (1 << e - 1)
        if exp == 0:
            if frac == 0 or (fmt == "f16" and fz16):
                kind, value = "Zero", Fraction(0)
            elif fmt != "f16" and self.FZ:
                kind, value = "Zero", Fraction(0)
                self.IDC = 1
            else:
                kind, value = "Denormal", Fraction(2) ** minimum_exp * Fraction(frac, 1 << f)
        elif exp == (1 << e) - 1 and not (fmt == "f16" and ahp):
            if frac == 0:
                kind, value = "Infinity", HUGE
            else:
                kind, value = "QNaN" if frac >> f - 1 else "SNaN", Fraction(0)
        else:
            kind, value = "Nonzero", Fraction(2) ** (exp - 1 + minimum_exp) * (1 + Fraction(frac, 1 << f))
        return kind, sign, -value if sign else value

    def FPUnpack(self, bits, fmt):
        return self.FPUnpackBase(bits, fmt, self.FZ16, False)

    def FPUnpackCV(self, bits, fmt):
        return self.FPUnpackBase(bits, fmt, False, self.AHP)

    def FPRoundBase(self, op, fmt, rounding, fz16, ahp):
        assert op != 0
        n, e, f = FORMATS[fmt]
        minimum_exp = 2 - (1 << e - 1)
        sign, mantissa = int(op < 0), abs(op)
        exponent = mantissa.numerator.bit_length() - mantissa.denominator.bit_length()
        if Fraction(2) ** exponent > mantissa:
            exponent -= 1
        mantissa /= Fraction(2) ** exponent
        if exponent < minimum_exp and (fz16 if fmt == "f16" else self.FZ):
            self.flags |= UNDERFLOW
            return self.FPZero(sign, fmt)
        biased_exp = max(exponent - minimum_exp + 1, 0)
        if biased_exp == 0:
            mantissa /= Fraction(2) ** (minimum_exp - exponent)
        scaled = mantissa * (1 << f)
        int_mant = scaled.numerator // scaled.denominator
        error = scaled - int_mant
        if biased_exp == 0 and error != 0:
            self.FPProcessException(UNDERFLOW)
        half = Fraction(1, 2)
        round_up, overflow_to_inf = {
            "nearest": (error > half or (error == half and int_mant & 1 == 1), True),
            "up": (error != 0 and sign == 0, sign == 0),
            "down": (error != 0 and sign == 1, sign == 1),
            "zero": (False, False),
        }[rounding]
        if round_up:
            int_mant += 1
            if int_mant == 1 << f:
                biased_exp = 1
            if int_mant == 1 << f + 1:
                biased_exp, int_mant = biased_exp + 1, int_mant // 2
        result = sign << n - 1 | biased_exp << f | int_mant & ((1 << f) - 1)
        if fmt != "f16" or not ahp:
            if biased_exp >= (1 << e) - 1:
                result = self.FPInfinity(sign, fmt) if overflow_to_inf else self.FPMaxNormal(sign, fmt)
                self.FPProcessException(OVERFLOW)
                error = 1
        elif biased_exp >= 1 << e:
            result = sign << n - 1 | ((1 << n - 1) - 1)
            self.FPProcessException(INVALID)
            error = 0
        if error != 0:
            self.FPProcessException(INEXACT)
        return result

    def FPRound(self, op, fmt, rounding=None):
        return self.FPRoundBase(op, fmt, rounding or self.rounding, self.FZ16, False)

    def FPRoundCV(self, op, fmt):
        return self.FPRoundBase(op, fmt, self.rounding, False, self.AHP)

    def FPProcessNaN(self, kind, op, fmt):
        if kind == "SNaN":
            op |= 1 << FORMATS[fmt][2] - 1
            self.FPProcessException(INVALID)
        return self.FPDefaultNaN(fmt) if self.DN else op

    def FPProcessNaNs(self, kinds, ops, fmt):
        for wanted in ("SNaN", "QNaN"):
            for kind, op in zip(kinds, ops):
                if kind == wanted:
                    return self.FPProcessNaN(kind, op, fmt)
        return None

    def invalid(self, fmt):
        self.FPProcessException(INVALID)
        return self.FPDefaultNaN(fmt)

    def sum_of(self, value, fmt):
        return self.FPRound(value, fmt) if value != 0 else self.FPZero(int(self.rounding == "down"), fmt)

    def FPAdd(self, op1, op2, fmt, negate2=False):
        (type1, sign1, value1), (type2, sign2, value2) = self.FPUnpack(op1, fmt), self.FPUnpack(op2, fmt)
        done = self.FPProcessNaNs((type1, type2), (op1, op2), fmt)
        if done is not None:
            return done
        if negate2:
            sign2, value2 = 1 - sign2, -value2
        inf1, inf2 = type1 == "Infinity", type2 == "Infinity"
        if inf1 and inf2 and sign1 != sign2:
            return self.invalid(fmt)
        if inf1 or inf2:
            return self.FPInfinity(sign1 if inf1 else sign2, fmt)
        if type1 == type2 == "Zero" and sign1 == sign2:
            return self.FPZero(sign1, fmt)
        return self.sum_of(value1 + value2, fmt)

    def FPSub(self, op1, op2, fmt):
        return self.FPAdd(op1, op2, fmt, True)

    def FPMul(self, op1, op2, fmt):
        (type1, sign1, value1), (type2, sign2, value2) = self.FPUnpack(op1, fmt), self.FPUnpack(op2, fmt)
        done = self.FPProcessNaNs((type1, type2), (op1, op2), fmt)
        if done is not None:
            return done
        if {type1, type2} == {"Infinity", "Zero"}:
            return self.invalid(fmt)
        if "Infinity" in (type1, type2):
            return self.FPInfinity(sign1 ^ sign2, fmt)
        if "Zero" in (type1, type2):
            return self.FPZero(sign1 ^ sign2, fmt)
        return self.FPRound(value1 * value2, fmt)

    def FPDiv(self, op1, op2, fmt):
        (type1, sign1, value1), (type2, sign2, value2) = self.FPUnpack(op1, fmt), self.FPUnpack(op2, fmt)
        done = self.FPProcessNaNs((type1, type2), (op1, op2), fmt)
        if done is not None:
            return done
        if type1 == type2 and type1 in ("Infinity", "Zero"):
            return self.invalid(fmt)
        if type1 == "Infinity" or type2 == "Zero":
            if type1 != "Infinity":
                self.FPProcessException(DIV_BY_ZERO)
            return self.FPInfinity(sign1 ^ sign2, fmt)
        if type1 == "Zero" or type2 == "Infinity":
            return self.FPZero(sign1 ^ sign2, fmt)
        return self.FPRound(value1 / value2, fmt)

    def FPSqrt(self, op, fmt):
        kind, sign, value = self.FPUnpack(op, fmt)
        if kind in ("SNaN", "QNaN"):
            return self.FPProcessNaN(kind, op, fmt)
        if kind == "Zero":
            return self.FPZero(sign, fmt)
        if sign == 1:
            return self.invalid(fmt)
        if kind == "Infinity":
            return self.FPInfinity(0, fmt)
        scaled = value * Fraction(4) ** 800  # far more bits than a format has; half a unit more if inexact
        root = isqrt(scaled.numerator // scaled.denominator)
        return self.FPRound((root if root * root == scaled else root + Fraction(1, 2)) / Fraction(2) ** 800, fmt)

    def FPMulAdd(self, op1, op2, addend, fmt):  # in the order of fma: the addend last
        typeA, signA, valueA = self.FPUnpack(addend, fmt)
        (type1, sign1, value1), (type2, sign2, value2) = self.FPUnpack(op1, fmt), self.FPUnpack(op2, fmt)
        inf_times_zero = {type1, type2} == {"Infinity", "Zero"}
        done = self.FPProcessNaNs((typeA, type1, type2), (addend, op1, op2), fmt)
        if typeA == "QNaN" and inf_times_zero:
            return self.invalid(fmt)
        if done is not None:
            return done
        signP, infA, infP = sign1 ^ sign2, typeA == "Infinity", "Infinity" in (type1, type2)
        if inf_times_zero or (infA and infP and signA != signP):
            return self.invalid(fmt)
        if infA or infP:
            return self.FPInfinity(signA if infA else signP, fmt)
        if typeA == "Zero" and "Zero" in (type1, type2) and signA == signP:
            return self.FPZero(signA, fmt)
        return self.sum_of(valueA + value1 * value2, fmt)

    def FPMulX(self, op1, op2, fmt):
        (type1, sign1, _), (type2, sign2, _) = self.FPUnpack(op1, fmt), self.FPUnpack(op2, fmt)
        if {type1, type2} != {"Infinity", "Zero"}:
            return self.FPMul(op1, op2, fmt)
        return self.FPRound(Fraction(-2 if sign1 ^ sign2 else 2), fmt)

    # FPRecipStepFused and FPRSqrtStepFused, but for the sign of op1: the addend is 2 or 3, the sum halved or not.
    def FPStep(self, op1, op2, addend, fmt, halved):
        (type1, sign1, value1), (type2, sign2, value2) = self.FPUnpack(op1, fmt), self.FPUnpack(op2, fmt)
        typeA, signA, valueA = self.FPUnpack(addend, fmt)
        done = self.FPProcessNaNs((typeA, type1, type2), (addend, op1, op2), fmt)
        if done is not None:
            return done
        inf_times_zero = {type1, type2} == {"Infinity", "Zero"}
        signP, infA, infP = sign1 ^ sign2, typeA == "Infinity", "Infinity" in (type1, type2) and not inf_times_zero
        if infA and infP and signA != signP:
            return self.invalid(fmt)
        if infA or infP:
            return self.FPInfinity(signA if infA else signP, fmt)
        if typeA == "Zero" and "Zero" in (type1, type2) and signA == signP:
            return self.FPZero(signA, fmt)
        product = Fraction(0) if inf_times_zero else value1 * value2
        return self.sum_of((valueA + product) / (2 if halved else 1), fmt)

    def FPRecipEstimate(self, op, fmt):
        n, e, f = FORMATS[fmt]
        kind, sign, value = self.FPUnpack(op, fmt)
        if kind in ("SNaN", "QNaN"):
            return self.FPProcessNaN(kind, op, fmt)
        if kind == "Infinity":
            return self.FPZero(sign, fmt)
        if kind == "Zero":
            self.FPProcessException(DIV_BY_ZERO)
            return self.FPInfinity(sign, fmt)
        least = Fraction(1, 2 ** ((1 << e - 1)))
        if abs(value) < least:
            to_infinity = {"nearest": True, "up": not sign, "down": bool(sign), "zero": False}[self.rounding]
            self.FPProcessException(OVERFLOW | INEXACT)
            return self.FPInfinity(sign, fmt) if to_infinity else self.FPMaxNormal(sign, fmt)
        if self.FZ and abs(value) >= Fraction(2) ** ((1 << e - 1) - 2):
            self.FPProcessException(UNDERFLOW)
            return self.FPZero(sign, fmt)
        # value = scaled * 2^exponent, scaled in [1/2, 1), in 512ths; the estimate is in [1, 2), in 256ths.
        exponent, scaled = 0, abs(value)
        while scaled >= 1:
            scaled, exponent = scaled / 2, exponent + 1
        while scaled < Fraction(1, 2):
            scaled, exponent = scaled * 2, exponent - 1
        a = int(scaled * 512)
        b = (1 << 19) // (2 * a + 1)
        result = Fraction((b + 1) // 2, 256) / Fraction(2) ** exponent
        # Cut to the format, without a flag.
        unit = max(Fraction(2) ** (2 - (1 << e - 1) - f), Fraction(2) ** (-exponent - f))
        return self.encode_exactly(sign, result // unit * unit, fmt)

    def FPRSqrtEstimate(self, op, fmt):
        kind, sign, value = self.FPUnpack(op, fmt)
        if kind in ("SNaN", "QNaN"):
            return self.FPProcessNaN(kind, op, fmt)
        if kind == "Zero":
            self.FPProcessException(DIV_BY_ZERO)
            return self.FPInfinity(sign, fmt)
        if sign:
            return self.invalid(fmt)
        if kind == "Infinity":
            return self.FPZero(0, fmt)
        # value = scaled * 4^exponent, scaled in [1/4, 1), in 512ths
        exponent, scaled = 0, value
        while scaled >= 1:
            scaled, exponent = scaled / 4, exponent + 1
        while scaled < Fraction(1, 4):
            scaled, exponent = scaled * 4, exponent - 1
        a = int(scaled * 512)
        a = a * 2 + 1 if a < 256 else (a >> 1 << 1) + 1 << 1
        b = 512
        while a * (b + 1) * (b + 1) < 1 << 28:
            b += 1
        return self.encode_exactly(0, Fraction((b + 1) // 2, 256) / Fraction(2) ** exponent, fmt)

    def encode_exactly(self, sign, value, fmt):
        quiet = Fp()
        bits = quiet.FPRound(value, fmt) if value else quiet.FPZero(0, fmt)
        assert quiet.flags == 0
        return bits | sign << FORMATS[fmt][0] - 1

    def FPMaxMin(self, op1, op2, fmt, largest):
        (type1, sign1, value1), (type2, sign2, value2) = self.FPUnpack(op1, fmt), self.FPUnpack(op2, fmt)
        done = self.FPProcessNaNs((type1, type2), (op1, op2), fmt)
        if done is not None:
            return done
        first = value1 > value2 if largest else value1 < value2
        kind, sign, value = (type1, sign1, value1) if first else (type2, sign2, value2)
        if kind == "Infinity":
            return self.FPInfinity(sign, fmt)
        if kind == "Zero":
            return self.FPZero(sign1 & sign2 if largest else sign1 | sign2, fmt)
        return self.FPRound(value, fmt)

    def FPMax(self, op1, op2, fmt):
        return self.FPMaxMin(op1, op2, fmt, True)

    def FPMin(self, op1, op2, fmt):
        return self.FPMaxMin(op1, op2, fmt, False)

    def FPMaxMinNum(self, op1, op2, fmt, largest):
        type1, type2 = self.FPUnpack(op1, fmt)[0], self.FPUnpack(op2, fmt)[0]
        if type1 == "QNaN" and type2 != "QNaN":
            op1 = self.FPInfinity(int(largest), fmt)
        elif type1 != "QNaN" and type2 == "QNaN":
            op2 = self.FPInfinity(int(largest), fmt)
        return self.FPMaxMin(op1, op2, fmt, largest)

    def FPMaxNum(self, op1, op2, fmt):
        return self.FPMaxMinNum(op1, op2, fmt, True)

    def FPMinNum(self, op1, op2, fmt):
        return self.FPMaxMinNum(op1, op2, fmt, False)

    def compare(self, op1, op2, fmt, condition, signaling):
        """FPCompareEQ (not signaling), FPCompareGE, FPCompareGT (signaling)."""
        (type1, _, value1), (type2, _, value2) = self.FPUnpack(op1, fmt), self.FPUnpack(op2, fmt)
        if {type1, type2} & {"QNaN", "SNaN"}:
            if "SNaN" in (type1, type2) or signaling:
                self.FPProcessException(INVALID)
            return 0
        return int({"eq": value1 == value2, "ge": value1 >= value2, "gt": value1 > value2}[condition])

    def round_integer(self, value, rounding):
        int_result = value.numerator // value.denominator
        error, half = value - int_result, Fraction(1, 2)
        round_up = {
            "nearest": error > half or (error == half and int_result & 1 == 1),
            "up": error != 0,
            "down": False,
            "zero": error != 0 and int_result < 0,
            "away": error > half or (error == half and int_result >= 0),
        }[rounding]
        return int_result + int(round_up), error

    def FPRoundInt(self, op, fmt, rounding, exact):
        kind, sign, value = self.FPUnpack(op, fmt)
        if kind in ("SNaN", "QNaN"):
            return self.FPProcessNaN(kind, op, fmt)
        if kind == "Infinity":
            return self.FPInfinity(sign, fmt)
        if kind == "Zero":
            return self.FPZero(sign, fmt)
        int_result, error = self.round_integer(value, rounding)
        result = self.FPZero(sign, fmt) if int_result == 0 else self.FPRound(Fraction(int_result), fmt, "zero")
        if error != 0 and exact:
            self.FPProcessException(INEXACT)
        return result

    def FPConvert(self, op, source, target):
        kind, sign, value = self.FPUnpackCV(op, source)
        alt_hp = target == "f16" and self.AHP
        if kind in ("SNaN", "QNaN"):
            if alt_hp:
                result = self.FPZero(sign, target)
            elif self.DN:
                result = self.FPDefaultNaN(target)
            else:
                result = self.FPConvertNaN(op, source, target)
            if kind == "SNaN" or alt_hp:
                self.FPProcessException(INVALID)
            return result
        if kind == "Infinity":
            if alt_hp:
                self.FPProcessException(INVALID)
                return sign << 15 | 0x7FFF
            return self.FPInfinity(sign, target)
        return self.FPZero(sign, target) if kind == "Zero" else self.FPRoundCV(value, target)

    def FPConvertNaN(self, op, source, target):
        n, _, f = FORMATS[source]
        frac = (op & ((1 << f - 1) - 1)) << 51 - (f - 1)
        _, _, target_f = FORMATS[target]
        return self.FPInfinity(op >> n - 1, target) | 1 << target_f - 1 | frac >> 51 - (target_f - 1)

    def FPToFixed(self, op, fmt, bits, unsigned, rounding):
        kind, _, value = self.FPUnpack(op, fmt)
        if kind in ("SNaN", "QNaN"):
            self.FPProcessException(INVALID)
            return 0
        int_result, error = self.round_integer(value, rounding)
        low, high = (0, (1 << bits) - 1) if unsigned else (-1 << bits - 1, (1 << bits - 1) - 1)
        if low <= int_result <= high:
            if error != 0:
                self.FPProcessException(INEXACT)
            return int_result
        self.FPProcessException(INVALID)
        return low if int_result < low else high

    def FixedToFP(self, value, fmt):
        return self.FPZero(0, fmt) if value == 0 else self.FPRound(Fraction(value), fmt)

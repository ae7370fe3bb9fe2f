package dev.tarn.text;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Whether a chunk is one token because it looks like an address, by spaCy 2.0.18's pattern.
 *
 * <p>The pattern is lenient: it wants an optional scheme, an optional part up to an at sign, and then {@code name.tld} or an
 * IP number, after which anything may stand. So {@code film.the} is a token, and nothing is cut off its ends; but the first
 * character must be a letter or digit, and the last one that or a slash.
 */
final class UrlPattern {

    private static final List<char[]> SCHEMES = Stream.of("http://", "https://", "ftp://", "mailto://")
            .map(String::toCharArray)
            .toList();

    private UrlPattern() {}

    /** Whether {@code text[from, to)}, which holds no space, is an address. */
    static boolean matches(char[] text, int from, int to) {
        if (find('.', text, from + 1, to) == to) {
            return false;
        }
        char last = text[to - 1];
        if (!Characters.is(Character.codePointAt(text, from, to), Characters.URL_WORD)
                || (last != '/' && !Characters.is(Character.codePointBefore(text, to, from), Characters.URL_WORD))) {
            return false;
        }
        if (isHost(text, from, to)) {
            return true;
        }
        for (char[] scheme : SCHEMES) {
            int end = from + scheme.length;
            if (end < to && Arrays.equals(text, from, end, scheme, 0, scheme.length) && isHost(text, end, to)) {
                return true;
            }
        }
        for (int at = find('@', text, from + 1, to); at < to; at = find('@', text, at + 1, to)) {
            if (isHost(text, at + 1, to)) {
                return true;
            }
        }
        return false;
    }

    /** The index of the character, or {@code to} where it does not stand. */
    private static int find(char c, char[] text, int from, int to) {
        int i = from;
        while (i < to && text[i] != c) {
            i++;
        }
        return Math.min(i, to);
    }

    private static boolean isHost(char[] text, int from, int to) {
        return isName(text, from, to) || isIpNumber(text, from, to);
    }

    /** Labels of small letters, digits and inner hyphens, each with a dot, until two small letters follow a dot. */
    private static boolean isName(char[] text, int from, int to) {
        int i = from;
        while (true) {
            int start = i;
            while (i < to && (isSmall(text[i]) || isDigit(text[i]) || text[i] == '-')) {
                i++;
            }
            if (i == start || i == to || text[i] != '.' || text[i - 1] == '-') {
                return false;
            }
            i++;
            if (i + 1 < to && isSmall(text[i]) && isSmall(text[i + 1])) {
                return true;
            }
        }
    }

    /** Four numbers of a public IP address; of the last one only the first digit is looked at. */
    private static boolean isIpNumber(char[] text, int from, int to) {
        int[] number = new int[3];
        int i = from;
        for (int part = 0; part < 3; part++) {
            int start = i;
            while (i < to && i - start < 4 && isDigit(text[i])) {
                number[part] = number[part] * 10 + text[i++] - '0';
            }
            boolean first = part == 0;
            if (i == start || i - start > 3 || i == to || text[i] != '.' || number[part] > (first ? 223 : 255)) {
                return false;
            }
            // Leading zeros: none in the first number; in the others two digits at most may be a number with them.
            if (text[start] == '0' && (first || i - start == 3)) {
                return false;
            }
            i++;
        }
        boolean isPublic = !isPrivate(number);
        return isPublic && i < to && text[i] >= '1' && text[i] <= '9';
    }

    private static boolean isPrivate(int[] number) {
        return number[0] == 10
                || number[0] == 127
                || (number[0] == 169 && number[1] == 254)
                || (number[0] == 192 && number[1] == 168)
                || (number[0] == 172 && number[1] >= 16 && number[1] <= 31);
    }

    private static boolean isSmall(char c) {
        return c >= 'a' && c <= 'z';
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}

package dev.tarn.text;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Character references of HTML5, decoded as Python's {@code html.unescape} does, its leniency included: a missing
 * semicolon is forgiven for numbers and for the old names, also in the middle of a word (an ampersand and {@code notit;}
 * make {@code ¬it;}).
 */
final class HtmlEntities {

    /** The longest run of characters that is looked at as a name; the longest name has 31 and its semicolon. */
    private static final int MAX_NAME = 32;

    private static final Map<String, String> NAMES = names();

    /** What the numbers 0x80 to 0x9F mean: Windows-1252, and themselves where it has nothing. */
    private static final String WINDOWS = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";

    private HtmlEntities() {}

    private static Map<String, String> names() {
        Map<String, String> names = new HashMap<>(4096);
        for (String line : Resources.lines("entities.txt")) {
            String[] words = line.split(" ", -1);
            StringBuilder text = new StringBuilder();
            for (int i = 1; i < words.length; i++) {
                text.appendCodePoint(Integer.parseInt(words[i], 16));
            }
            names.put(words[0], text.toString());
        }
        return names;
    }

    /** The text with every reference decoded once; what a reference decodes to is not looked at again. */
    static String unescape(String text) {
        int amp = text.indexOf('&');
        if (amp < 0) {
            return text;
        }
        StringBuilder out = new StringBuilder(text.length());
        int copied = 0;
        while (amp >= 0) {
            int next = amp + 1;
            int end = amp + 1 < text.length() && text.charAt(amp + 1) == '#'
                    ? endOfNumber(text, amp + 2)
                    : endOfName(text, amp + 1);
            if (end > 0) {
                out.append(text, copied, amp);
                appendDecoded(out, text.substring(amp + 1, end));
                copied = end;
                next = end;
            }
            amp = text.indexOf('&', next);
        }
        return out.append(text, copied, text.length()).toString();
    }

    /** The index after a decimal or hexadecimal number and its semicolon, or -1 where no digit stands. */
    private static int endOfNumber(String text, int from) {
        boolean hex = from < text.length() && (text.charAt(from) == 'x' || text.charAt(from) == 'X');
        int start = hex ? from + 1 : from;
        int i = start;
        while (i < text.length() && text.charAt(i) < 0x80 && Character.digit(text.charAt(i), hex ? 16 : 10) >= 0) {
            i++;
        }
        return i == start ? -1 : skipSemicolon(text, i);
    }

    private static int endOfName(String text, int from) {
        int i = from;
        for (int n = 0; n < MAX_NAME && i < text.length() && "\t\n\f <&#;".indexOf(text.charAt(i)) < 0; n++) {
            i += Character.charCount(text.codePointAt(i));
        }
        return i == from ? -1 : skipSemicolon(text, i);
    }

    private static int skipSemicolon(String text, int i) {
        return i < text.length() && text.charAt(i) == ';' ? i + 1 : i;
    }

    private static void appendDecoded(StringBuilder out, String reference) {
        if (reference.charAt(0) == '#') {
            appendNumber(out, reference);
            return;
        }
        @Nullable String whole = NAMES.get(reference);
        if (whole != null) {
            out.append(whole);
            return;
        }
        for (int end = reference.length() - 1; end > 1; end--) {
            String start = NAMES.get(reference.substring(0, end));
            if (start != null) {
                out.append(start).append(reference, end, reference.length());
                return;
            }
        }
        out.append('&').append(reference);
    }

    private static void appendNumber(StringBuilder out, String reference) {
        int end = reference.endsWith(";") ? reference.length() - 1 : reference.length();
        boolean hex = Character.toLowerCase(reference.charAt(1)) == 'x';
        int radix = hex ? 16 : 10;
        int c = 0;
        for (int i = hex ? 2 : 1; i < end; i++) {
            // Past the last code point the value no longer matters, so it must only not overflow.
            c = Math.min(c * radix + Character.digit(reference.charAt(i), radix), Character.MAX_CODE_POINT + 1);
        }
        if (c == 0 || c > Character.MAX_CODE_POINT || (c >= 0xD800 && c <= 0xDFFF)) {
            out.append('\uFFFD');
        } else if (c >= 0x80 && c <= 0x9F) {
            out.append(WINDOWS.charAt(c - 0x80));
        } else if (!isForbidden(c)) {
            out.appendCodePoint(c);
        }
    }

    /** Control characters and noncharacters, which decode to nothing. */
    private static boolean isForbidden(int c) {
        return (c <= 0x1F && "\t\n\f\r".indexOf(c) < 0)
                || c == 0x7F
                || (c >= 0xFDD0 && c <= 0xFDEF)
                || (c & 0xFFFE) == 0xFFFE;
    }
}

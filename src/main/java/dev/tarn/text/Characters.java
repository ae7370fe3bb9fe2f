package dev.tarn.text;

import java.util.Arrays;
import java.util.List;

/**
 * Python's classes of characters and its lower case, as tables over code points, the same on every JDK.
 *
 * <p>A class is one bit of {@link #flags(int)}. The tables come from {@code characters.txt}.
 */
final class Characters {

    /** {@code str.isspace}, and {@code \s} of {@code re}: also U+001C to U+001F, U+0085 and U+00A0. */
    static final int SPACE = 1;

    /** {@code \w} of {@code re}: letters, numbers of every kind and the underscore, but no combining marks. */
    static final int WORD = 1 << 1;

    /** {@code str.isupper} of one character. */
    static final int UPPER = 1 << 2;

    /** {@code str.islower} of one character. */
    static final int LOWER = 1 << 3;

    /** Title case letters such as U+01C5: cased, yet neither upper nor lower. */
    static final int TITLE = 1 << 4;

    /** Unicode's {@code Cased}, of use for the final sigma only. */
    static final int CASED = 1 << 5;

    /** Unicode's {@code Case_Ignorable}, of use for the final sigma only. */
    static final int IGNORABLE = 1 << 6;

    /** What spaCy's punctuation rules call a lower case letter; letters of scripts without case are in it as well. */
    static final int ALPHA_LOWER = 1 << 7;

    /** What spaCy's punctuation rules call an upper case letter; letters of scripts without case are in it as well. */
    static final int ALPHA_UPPER = 1 << 8;

    /** Either of the two above. */
    static final int ALPHA = ALPHA_LOWER | ALPHA_UPPER;

    /** Other symbols, category So: dingbats, emoji, the degree sign. */
    static final int ICON = 1 << 9;

    /** {@code \w} of the {@code regex} package, which spaCy's URL pattern uses: also marks and joiners. */
    static final int URL_WORD = 1 << 10;

    private static final List<String> NAMES = List.of(
            "space",
            "word",
            "upper",
            "lower",
            "title",
            "cased",
            "ignorable",
            "alphaLower",
            "alphaUpper",
            "icon",
            "urlWord");

    private static final int PAGE = 256;
    private static final short[][] FLAGS = new short[(Character.MAX_CODE_POINT + 1) / PAGE][];
    private static final int[][] FOLD = new int[(Character.MAX_CODE_POINT + 1) / PAGE][];

    /** U+0130 is the only character whose lower case is two: i and a combining dot. */
    private static final int CAPITAL_I_WITH_DOT = 0x130;

    private static final int CAPITAL_SIGMA = 0x3A3;

    static {
        short[] none = new short[PAGE];
        int[] same = new int[PAGE];
        Arrays.fill(FLAGS, none);
        Arrays.fill(FOLD, same);
        for (String line : Resources.lines("characters.txt")) {
            String[] words = line.split(" ", -1);
            for (int i = 1; i < words.length; i++) {
                if (words[0].equals("fold")) {
                    addFold(words[i], same);
                } else {
                    addClass(1 << NAMES.indexOf(words[0]), words[i], none);
                }
            }
        }
    }

    private Characters() {}

    private static void addClass(int bit, String range, short[] none) {
        int dash = range.indexOf('-');
        int first = Integer.parseInt(dash < 0 ? range : range.substring(0, dash), 16);
        int last = dash < 0 ? first : Integer.parseInt(range.substring(dash + 1), 16);
        for (int c = first; c <= last; c++) {
            short[] page = FLAGS[c / PAGE];
            if (page == none) {
                page = new short[PAGE];
                FLAGS[c / PAGE] = page;
            }
            page[c % PAGE] |= (short) bit;
        }
    }

    private static void addFold(String run, int[] same) {
        int slash = run.indexOf('/');
        int sign = Math.max(run.indexOf('+', slash), run.indexOf('-', slash));
        int dash = run.indexOf('-');
        int first = Integer.parseInt(run.substring(0, dash), 16);
        int last = Integer.parseInt(run.substring(dash + 1, slash), 16);
        int step = Integer.parseInt(run.substring(slash + 1, sign), 16);
        int delta = Integer.parseInt(run.substring(sign));
        for (int c = first; c <= last; c += step) {
            int[] page = FOLD[c / PAGE];
            if (page == same) {
                page = new int[PAGE];
                FOLD[c / PAGE] = page;
            }
            page[c % PAGE] = delta;
        }
    }

    /** The classes of a code point, one bit each. */
    static int flags(int codePoint) {
        return FLAGS[codePoint / PAGE][codePoint % PAGE];
    }

    /** Whether the code point is of one of the classes. */
    static boolean is(int codePoint, int classes) {
        return (flags(codePoint) & classes) != 0;
    }

    /** All spaces lie in the basic plane, so that one {@code char} is enough to tell. */
    static boolean isSpace(char c) {
        if (c < 0x80) {
            return c == ' ' || (c <= '\r' && c >= '\t') || (c <= 0x1F && c >= 0x1C);
        }
        return is(c, SPACE);
    }

    /** Python's {@code str.lower}: also the two-character lower case of U+0130 and the final sigma. */
    static String lower(String text) {
        int n = text.length();
        int i = 0;
        while (i < n && text.charAt(i) < 0x80 && (text.charAt(i) < 'A' || text.charAt(i) > 'Z')) {
            i++;
        }
        if (i == n) {
            return text;
        }
        StringBuilder out = new StringBuilder(n + 1).append(text, 0, i);
        while (i < n) {
            int c = text.codePointAt(i);
            if (c == CAPITAL_I_WITH_DOT) {
                out.append("i\u0307");
            } else if (c == CAPITAL_SIGMA) {
                out.append(isFinalSigma(text, i) ? 'ς' : 'σ');
            } else {
                out.appendCodePoint(c + FOLD[c / PAGE][c % PAGE]);
            }
            i += Character.charCount(c);
        }
        return out.toString();
    }

    /** A sigma ends a word when a cased letter stands before it and none after it, ignorable characters left out. */
    private static boolean isFinalSigma(String text, int at) {
        int i = at;
        while (i > 0 && is(text.codePointBefore(i), IGNORABLE)) {
            i -= Character.charCount(text.codePointBefore(i));
        }
        if (i == 0 || !is(text.codePointBefore(i), CASED)) {
            return false;
        }
        int j = at + 1;
        while (j < text.length() && is(text.codePointAt(j), IGNORABLE)) {
            j += Character.charCount(text.codePointAt(j));
        }
        return j == text.length() || !is(text.codePointAt(j), CASED);
    }

    /** Python's {@code str.isupper} from the char index on: a cased character is there, and all cased ones are upper. */
    static boolean isUpper(String text, int from) {
        return isCase(text, from, UPPER, LOWER | TITLE);
    }

    /** Python's {@code str.islower} from the char index on. */
    static boolean isLower(String text, int from) {
        return isCase(text, from, LOWER, UPPER | TITLE);
    }

    private static boolean isCase(String text, int from, int wanted, int forbidden) {
        boolean found = false;
        for (int i = from; i < text.length(); ) {
            int c = text.codePointAt(i);
            int flags = flags(c);
            if ((flags & forbidden) != 0) {
                return false;
            }
            found |= (flags & wanted) != 0;
            i += Character.charCount(c);
        }
        return found;
    }
}

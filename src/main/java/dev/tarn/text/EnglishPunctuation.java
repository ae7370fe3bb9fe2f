package dev.tarn.text;

import java.util.Arrays;
import java.util.Set;

/**
 * Where punctuation is cut off a chunk: spaCy 2.0.18's prefix, suffix and infix patterns as table look-ups.
 *
 * <p>All methods look at {@code text[from, to)} only, as if nothing stood outside of it, since a pattern that looks behind
 * must not see what was cut off before. Lengths are in {@code char}s.
 */
final class EnglishPunctuation {

    private static final String MARKS = "…,:;!?¿؟¡()[]{}<>_#*&。？！，、；：～·।،؛٪";

    /** The single ’ is missing on purpose: spaCy 2.0 knows only the double one. */
    private static final String QUOTES = "'\"”“`‘´‚,„»«「」『』（）〔〕【】《》〈〉";

    private static final boolean[] PREFIX = set("§%=+" + MARKS + QUOTES + "$£€¥฿₽﷼");
    private static final boolean[] SUFFIX = set(MARKS + QUOTES);

    /** What a final full stop is cut off from, besides digits and lower case letters. */
    private static final boolean[] BEFORE_STOP = set("0123456789%²-)]+(?:|’" + QUOTES);

    private static final boolean[] BEFORE_HYPHEN = set("?\";:=,.");

    /** What is cut off when a digit stands before it. Two units that spaCy's list runs together stay together. */
    private static final Set<String> AFTER_DIGIT = Set.copyOf(Arrays.asList(("$ £ € ¥ ฿ US$ C$ A$ ₽ ﷼ + "
                    + "km km² km³ m m² m³ dm dm² dm³ cm cm² cm³ mm mm² mm³ ha µm nm yd in ft "
                    + "kg g mg µg t lb oz m/s km/h kmh mph hPa Pa mbar mb MB kb KB gb GB tb "
                    + "TB T G M K % км км² км³ м м² м³ дм дм² дм³ см см² см³ мм мм² мм³ нм "
                    + "кг г мг м/с км/ч кПа Па мбар Кб КБ кб Мб МБ мб Гб ГБ гб Тб ТБ тбكم "
                    + "كم كم² كم³ م م² م³ سم سم² سم³ مم مم² مم³ غرام جرام جم كغ ملغ كوب اكواب")
            .split(" ")));

    private static final int MAX_AFTER_DIGIT =
            AFTER_DIGIT.stream().mapToInt(String::length).max().orElseThrow();

    private EnglishPunctuation() {}

    private static boolean[] set(String characters) {
        boolean[] set = new boolean[Character.MAX_VALUE + 1];
        characters.chars().forEach(c -> set[c] = true);
        return set;
    }

    /** The length of the punctuation that the text begins with, or 0. */
    static int prefix(char[] text, int from, int to) {
        char c = text[from];
        char next = from + 1 < to ? text[from + 1] : 0;
        return switch (c) {
            case '.' -> next == '.' ? endOfDots(text, from, to) - from : 0;
            case '`' -> next == '`' ? 2 : 1;
            case '’' -> next == '’' ? 2 : 0;
            case 'U' -> next == 'S' && from + 2 < to && text[from + 2] == '$' ? 3 : 0;
            case 'A', 'C' -> next == '$' ? 2 : 0;
            default -> PREFIX[c] ? 1 : icon(text, from, to);
        };
    }

    private static int endOfDots(char[] text, int from, int to) {
        int i = from;
        while (i < to && text[i] == '.') {
            i++;
        }
        return i;
    }

    /** The length of the symbol at an index, or 0 where there is none. */
    private static int icon(char[] text, int at, int to) {
        int c = Character.codePointAt(text, at, to);
        return Characters.is(c, Characters.ICON) ? Character.charCount(c) : 0;
    }

    /** The length of the longest punctuation, unit or possessive that the text ends with, or 0. */
    static int suffix(char[] text, int from, int to) {
        char c = text[to - 1];
        char before = to - 2 >= from ? text[to - 2] : 0;
        if (c == '.') {
            return stop(text, from, to, before);
        }
        boolean doubled = before == c && "'`‘’…".indexOf(c) >= 0;
        boolean possessive = (c == 's' || c == 'S') && (before == '\'' || before == '’');
        if (doubled || possessive) {
            return 2;
        }
        if (SUFFIX[c]) {
            return 1;
        }
        int measure = afterDigit(text, from, to);
        if (measure > 0) {
            return measure;
        }
        int last = Character.codePointBefore(text, to, from);
        return Characters.is(last, Characters.ICON) ? Character.charCount(last) : 0;
    }

    private static int stop(char[] text, int from, int to, char before) {
        if (to - 2 < from) {
            return 0;
        }
        if (before == '.') {
            int start = to;
            while (start > from && text[start - 1] == '.') {
                start--;
            }
            return to - start;
        }
        int last = Character.codePointBefore(text, to - 1, from);
        if (BEFORE_STOP[before] || Characters.is(last, Characters.ALPHA_LOWER)) {
            return 1;
        }
        int at = to - 1 - Character.charCount(last);
        if (at == from) {
            return 0;
        }
        boolean initials = Characters.is(last, Characters.ALPHA_UPPER)
                && Characters.is(Character.codePointBefore(text, at, from), Characters.ALPHA_UPPER);
        boolean degrees = "FCK".indexOf(before) >= 0 && text[at - 1] == '°';
        return initials || degrees ? 1 : 0;
    }

    /** The length of the unit or currency that the text ends with, if a digit stands before it. */
    private static int afterDigit(char[] text, int from, int to) {
        int lowest = Math.max(from, to - 1 - MAX_AFTER_DIGIT);
        for (int i = to - 1; i >= lowest; i--) {
            char c = text[i];
            if (c >= '0' && c <= '9') {
                return i + 1 < to && AFTER_DIGIT.contains(new String(text, i + 1, to - i - 1)) ? to - 1 - i : 0;
            }
        }
        return 0;
    }

    /**
     * The end of the infix that begins at an index, or the index itself where none does: an ellipsis, a symbol, an operator
     * between digits, a full stop between a lower and an upper case letter, a comma or hyphen between letters.
     */
    static int infixEnd(char[] text, int from, int to, int at) {
        char c = text[at];
        if (c < 0x80 && Characters.is(c, Characters.WORD)) {
            return at;
        }
        if (c == '…') {
            return at + 1;
        }
        if (c == '.' && at + 1 < to && text[at + 1] == '.') {
            return endOfDots(text, at, to);
        }
        int symbol = icon(text, at, to);
        if (symbol > 0) {
            return at + symbol;
        }
        if (at == from) {
            return at;
        }
        int before = Character.codePointBefore(text, at, from);
        boolean afterLetter = Characters.is(before, Characters.ALPHA);
        if ((c == '+' || c == '-' || c == '*' || c == '^') && isAsciiDigit(before) && at + 1 < to) {
            char after = text[at + 1];
            if (after == '-' || isAsciiDigit(after)) {
                return at + 1;
            }
        }
        if (c == '.'
                && Characters.is(before, Characters.ALPHA_LOWER)
                && isAt(text, at + 1, to, Characters.ALPHA_UPPER)) {
            return at + 1;
        }
        if (afterLetter && c == ',' && isAt(text, at + 1, to, Characters.ALPHA)) {
            return at + 1;
        }
        if (afterLetter) {
            int end = hyphenEnd(text, at, to);
            if (end > at) {
                return end;
            }
        }
        if ((c == ':' || c == '<' || c == '>' || c == '=' || c == '/')
                && (afterLetter || before == '"')
                && isAt(text, at + 1, to, Characters.ALPHA)) {
            return at + 1;
        }
        return at;
    }

    private static boolean isAsciiDigit(int c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isAt(char[] text, int at, int to, int classes) {
        return at < to && Characters.is(Character.codePointAt(text, at, to), classes);
    }

    /** The end of a hyphen with the marks before it, if a letter follows; the index itself otherwise. */
    private static int hyphenEnd(char[] text, int at, int to) {
        int i = at;
        while (i < to && BEFORE_HYPHEN[text[i]]) {
            i++;
        }
        int start = i;
        char hyphen = i < to ? text[i] : 0;
        int most = hyphen == '-' ? 3 : hyphen == '—' ? 2 : hyphen == '–' || hyphen == '~' ? 1 : 0;
        while (i < to && i - start < most && text[i] == hyphen) {
            i++;
        }
        return i > start && isAt(text, i, to, Characters.ALPHA) ? i : at;
    }
}

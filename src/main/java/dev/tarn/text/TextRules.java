package dev.tarn.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * fastai v1's rules around the tokenizer (as of 1.0.61), quirks included.
 *
 * <p>{@link #pre} rewrites the raw text before it is cut, {@link #post} the tokens after. A rule that finds nothing to do
 * returns the text that it was given. Lengths and repetitions count code points, as Python does. The scans
 * run over arrays of chars, which compile to far less code than {@link String#charAt} does.
 */
public final class TextRules {

    /** A character or word is folded when it stands at least this often in a row. */
    private static final int MIN_REPEATS = 4;

    private TextRules() {}

    /** All pre rules in fastai's order. */
    public static String pre(String text) {
        return rmUselessSpaces(specAddSpaces(replaceWrep(replaceRep(fixHtml(text)))));
    }

    /** All post rules in fastai's order. Each looks at one token at a time. */
    public static List<String> post(List<String> tokens) {
        return dealCaps(replaceAllCaps(tokens));
    }

    /**
     * Mends markup: fourteen literal replacements one after the other, then character references, then runs of spaces.
     *
     * <p>Quirks kept: {@code quot;} becomes an apostrophe; the ampersand before {@code amp;}, {@code #39;} and their kind
     * stays, so that an escaped ampersand becomes two.
     */
    public static String fixHtml(String text) {
        String t = text;
        if (t.indexOf(';') >= 0) {
            t = t.replace("#39;", "'")
                    .replace("amp;", "&")
                    .replace("#146;", "'")
                    .replace("nbsp;", " ")
                    .replace("#36;", "$");
        }
        boolean backslash = t.indexOf('\\') >= 0;
        if (backslash) {
            t = t.replace("\\n", "\n");
        }
        if (t.indexOf(';') >= 0) {
            t = t.replace("quot;", "'");
        }
        if (t.indexOf('<') >= 0) {
            t = t.replace("<br />", "\n");
        }
        if (backslash) {
            t = t.replace("\\\"", "\"");
        }
        t = t.replace("<unk>", SpecialToken.UNK.text());
        if (t.indexOf('@') >= 0) {
            t = t.replace(" @.@ ", ".").replace(" @-@ ", "-").replace(" @,@ ", ",");
        }
        if (backslash) {
            t = t.replace("\\", " \\ ");
        }
        return rmUselessSpaces(HtmlEntities.unescape(t));
    }

    /** Folds a character other than a space that stands four times or more: {@code "!!!!!"} to {@code " xxrep 5 ! "}. */
    public static String replaceRep(String text) {
        char[] chars = text.toCharArray();
        StringBuilder out = null;
        int copied = 0;
        int i = 0;
        while (i < chars.length) {
            int width = width(chars, i);
            int end = i + width;
            while (end < chars.length && chars[end] == chars[i] && isSame(chars, i, end, width)) {
                end += width;
            }
            int count = (end - i) / width;
            if (count >= MIN_REPEATS && !Characters.isSpace(chars[i])) {
                out = out == null ? new StringBuilder(chars.length) : out;
                out.append(chars, copied, i - copied);
                fold(out, SpecialToken.REP, count, text.substring(i, i + width));
                copied = end;
            }
            i = end;
        }
        return out == null ? text : out.append(text.substring(copied)).toString();
    }

    /** Appends what stands for repetitions. */
    private static void fold(StringBuilder out, SpecialToken mark, int count, String unit) {
        out.append(' ')
                .append(mark.text())
                .append(' ')
                .append(count)
                .append(' ')
                .append(unit)
                .append(' ');
    }

    /** How many chars the code point at an index has. */
    private static int width(char[] chars, int at) {
        return Character.isHighSurrogate(chars[at])
                ? Character.charCount(Character.codePointAt(chars, at, chars.length))
                : 1;
    }

    /** Whether two code points agree whose first chars do. */
    private static boolean isSame(char[] chars, int a, int b, int width) {
        return width == 1 || (b + 1 < chars.length && chars[a + 1] == chars[b + 1]);
    }

    /**
     * Folds a word that stands four times or more: {@code "no no no no no"} to {@code " xxwrep 4 no  no"}.
     *
     * <p>What is repeated is the word <em>with the run of other characters after it</em>, so the last word, which something
     * else follows, is left over. The number is one more than the pieces that the repeated part has between its spaces:
     * of {@code "a-a-a-a-b"} it says 2, as fastai does.
     */
    public static String replaceWrep(String text) {
        char[] chars = text.toCharArray();
        int n = chars.length;
        StringBuilder out = null;
        int copied = 0;
        int i = skip(chars, 0, false);
        while (i < n) {
            int end = skip(chars, skip(chars, i, true), false);
            int length = end - i;
            int last = end;
            while (last + length <= n && Arrays.equals(chars, i, end, chars, last, last + length)) {
                last += length;
            }
            // The last word of a text has no run after it, so it is no unit and cannot repeat.
            if (last - end >= (MIN_REPEATS - 1) * length) {
                out = out == null ? new StringBuilder(n) : out;
                out.append(chars, copied, i - copied);
                fold(out, SpecialToken.WREP, pieces(chars, end, last) + 1, text.substring(i, end));
                copied = last;
                i = skip(chars, last, false);
            } else {
                i = end;
            }
        }
        return out == null ? text : out.append(text.substring(copied)).toString();
    }

    /** The index after the run of word characters, or of others, that begins at {@code from}. */
    private static int skip(char[] chars, int from, boolean word) {
        int i = from;
        while (i < chars.length) {
            int point = Character.codePointAt(chars, i, chars.length);
            if (Characters.is(point, Characters.WORD) != word) {
                break;
            }
            i += Character.charCount(point);
        }
        return i;
    }

    /** How many pieces without spaces the range has. */
    private static int pieces(char[] chars, int from, int to) {
        int count = 0;
        boolean inPiece = false;
        for (int i = from; i < to; i++) {
            boolean space = Characters.isSpace(chars[i]);
            count += !space && !inPiece ? 1 : 0;
            inPiece = !space;
        }
        return count;
    }

    /** Puts a space on either side of every slash, hash and newline. */
    public static String specAddSpaces(String text) {
        if (text.indexOf('/') < 0 && text.indexOf('#') < 0 && text.indexOf('\n') < 0) {
            return text;
        }
        char[] chars = text.toCharArray();
        StringBuilder out = new StringBuilder(chars.length + 32);
        int copied = 0;
        for (int i = 0; i < chars.length; i++) {
            char c = chars[i];
            if (c == '/' || c == '#' || c == '\n') {
                out.append(chars, copied, i - copied).append(' ').append(c).append(' ');
                copied = i + 1;
            }
        }
        return out.append(chars, copied, chars.length - copied).toString();
    }

    /** Makes one space of several; other whitespace is left alone. */
    public static String rmUselessSpaces(String text) {
        int run = text.indexOf("  ");
        if (run < 0) {
            return text;
        }
        StringBuilder out = new StringBuilder(text.length());
        int copied = 0;
        while (run >= 0) {
            out.append(text.substring(copied, run + 1));
            copied = run + 2;
            while (copied < text.length() && text.charAt(copied) == ' ') {
                copied++;
            }
            run = text.indexOf("  ", copied);
        }
        return out.append(text.substring(copied)).toString();
    }

    /** Puts xxup before a token of two characters or more that is all capitals, and lower-cases it: also "U.S.", "3D". */
    public static List<String> replaceAllCaps(List<String> tokens) {
        List<String> out = new ArrayList<>(tokens.size() + 4);
        for (String token : tokens) {
            if (isLong(token) && Characters.isUpper(token, 0)) {
                out.add(SpecialToken.UP.text());
                out.add(Characters.lower(token));
            } else {
                out.add(token);
            }
        }
        return out;
    }

    /**
     * Lower-cases every token, with xxmaj before those whose first character alone was upper case: not "I", not
     * "McDonald", but "O'brien". Empty tokens are left out.
     */
    public static List<String> dealCaps(List<String> tokens) {
        List<String> out = new ArrayList<>(tokens.size() + 4);
        for (String token : tokens) {
            if (token.isEmpty()) {
                continue;
            }
            int first = token.codePointAt(0);
            if (Characters.is(first, Characters.UPPER) && Characters.isLower(token, Character.charCount(first))) {
                out.add(SpecialToken.MAJ.text());
            }
            out.add(Characters.lower(token));
        }
        return out;
    }

    /** Whether the token has two code points or more. */
    private static boolean isLong(String token) {
        return token.length() > 1 && token.length() > Character.charCount(token.codePointAt(0));
    }
}

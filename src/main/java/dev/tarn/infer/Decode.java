package dev.tarn.infer;

import dev.tarn.text.SpecialToken;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Undoes fastai's text rules for reading: {@code xxmaj hello} becomes {@code Hello}, {@code xxup usa} {@code USA},
 * {@code xxrep 4 !} {@code !!!!} and {@code xxwrep 3 no} {@code no no no}.
 *
 * <p>A marker counts for the one token after it. fastai v1 never forgets {@code xxrep} and repeats every token from there
 * on (its {@code decode_spec_tokens}); that is not copied. A model may write markers where they make no sense: a count
 * that is no number from 1 to {@value #MOST_REPEATS} is read as an ordinary token, and so the marker before it is dropped.
 */
public final class Decode {

    /** More repeats than any real text has; a generated count must not be able to exhaust the memory. */
    private static final int MOST_REPEATS = 200;

    private Decode() {}

    /** The tokens without the markers of the text rules; other special tokens stay as they are. */
    public static List<String> tokens(List<String> tokens) {
        List<String> words = new ArrayList<>();
        boolean isCapitalised = false;
        boolean isUpper = false;
        int at = 0;
        while (at < tokens.size()) {
            String token = tokens.get(at++);
            if (token.equals("xxmaj")) {
                isCapitalised = true;
                continue;
            }
            if (token.equals("xxup")) {
                isUpper = true;
                continue;
            }
            int repeats = 1;
            boolean isWord = token.equals("xxwrep");
            if (isWord || token.equals("xxrep")) {
                if (at + 1 >= tokens.size() || repeats(tokens.get(at)) == 0) {
                    continue;
                }
                repeats = repeats(tokens.get(at));
                token = tokens.get(at + 1);
                at += 2;
            }
            String word = isUpper ? token.toUpperCase(Locale.ROOT) : isCapitalised ? capitalised(token) : token;
            isUpper = false;
            isCapitalised = false;
            if (isWord) {
                for (int i = 0; i < repeats; i++) {
                    words.add(word);
                }
            } else {
                words.add(word.repeat(repeats));
            }
        }
        return words;
    }

    /** As {@link #text} of a whole document, whose first token may be the mark of its beginning: that is left out. */
    public static String document(List<String> tokens) {
        boolean isMarked = !tokens.isEmpty() && tokens.get(0).equals(SpecialToken.BOS.text());
        return text(tokens.subList(isMarked ? 1 : 0, tokens.size()));
    }

    /** As {@link #tokens}, separated by spaces. */
    public static String text(List<String> tokens) {
        return String.join(" ", tokens(tokens));
    }

    private static int repeats(String count) {
        if (count.isEmpty() || count.length() > 3 || !count.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return 0;
        }
        int repeats = Integer.parseInt(count);
        return repeats <= MOST_REPEATS ? repeats : 0;
    }

    private static String capitalised(String token) {
        if (token.isEmpty()) {
            return token;
        }
        int end = token.offsetByCodePoints(0, 1);
        return token.substring(0, end).toUpperCase(Locale.ROOT) + token.substring(end);
    }
}

package dev.tarn.text;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Cuts English as spaCy 2.0.18's blank English pipeline does, the version that {@code spacy>=2.0.18} in fastai v1 names.
 *
 * <p>The text is cut at its spaces; whitespace beyond one space is a token of its own. Each chunk in between is first looked
 * up among the exceptions ({@code don't}, {@code Mr.}, {@code :-)}). If it is not there, punctuation is taken off its two ends
 * until the rest is an exception, looks like an address or has none left; what remains is cut at ellipses, hyphens and other
 * marks between letters. Where spaCy 2.1.8 and 3.8 differ is listed in {@code docs/tokenizer.md}.
 *
 * <p>No character is lost: the tokens, joined, are the text less single spaces between chunks.
 *
 * <p>Deviation: classes of characters are those of today's Unicode, so that an emoji of 2024 is a symbol as one of 2016 is.
 */
public final class EnglishTokenizer implements Tokenizer {

    private final Map<String, List<String>> exceptions = EnglishExceptions.table();
    private final int longestException;
    private final ChunkCache cache;

    /** A tokenizer that knows the special tokens of {@link SpecialToken} as words that are not cut. */
    public EnglishTokenizer() {
        this(SpecialToken.texts());
    }

    /**
     * A tokenizer that leaves the given words whole.
     *
     * <p>As in spaCy 2 they are found where punctuation taken off an end leaves them, not inside of a longer chunk.
     */
    public EnglishTokenizer(Collection<String> specialCases) {
        this(specialCases, tokens -> tokens);
    }

    /** @param finish applied to the tokens of each chunk; must look at one token at a time, since results are kept */
    EnglishTokenizer(Collection<String> specialCases, UnaryOperator<List<String>> finish) {
        specialCases.forEach(word -> exceptions.put(word, List.of(word)));
        longestException =
                exceptions.keySet().stream().mapToInt(String::length).max().orElse(0);
        cache = new ChunkCache(chunk -> finish.apply(cut(chunk)));
    }

    @Override
    public List<String> tokenize(String text) {
        List<String> tokens = new ArrayList<>(text.length() / 4 + 4);
        cache.tokenize(text, tokens);
        return tokens;
    }

    /** The tokens of one chunk. */
    private List<String> cut(String whole) {
        List<String> known = exceptions.get(whole);
        if (known != null) {
            return known;
        }
        char[] chunk = whole.toCharArray();
        if (isPlainWord(chunk)) {
            return List.of(whole);
        }
        List<String> tokens = new ArrayList<>();
        List<String> suffixes = new ArrayList<>();
        int from = 0;
        int to = chunk.length;
        boolean isException = false;
        while (from < to && !isException && !UrlPattern.matches(chunk, from, to)) {
            int prefix = EnglishPunctuation.prefix(chunk, from, to);
            if (prefix > 0 && isException(chunk, from + prefix, to)) {
                tokens.add(text(chunk, from, from + prefix));
                from += prefix;
                isException = true;
                break;
            }
            int suffix = EnglishPunctuation.suffix(chunk, from, to);
            if (suffix > 0 && isException(chunk, from, to - suffix)) {
                suffixes.add(text(chunk, to - suffix, to));
                to -= suffix;
                isException = true;
                break;
            }
            if (prefix == 0 && suffix == 0) {
                break;
            }
            if (prefix > 0) {
                tokens.add(text(chunk, from, from + prefix));
            }
            // Where the two overlap, as in a chunk of one mark, only the prefix is taken.
            if (suffix > 0 && (prefix == 0 || prefix + suffix <= to - from)) {
                suffixes.add(text(chunk, to - suffix, to));
                to -= suffix;
            }
            from += prefix;
            isException = isException(chunk, from, to);
        }
        if (isException) {
            tokens.addAll(exceptions.getOrDefault(text(chunk, from, to), List.of()));
        } else if (from < to) {
            addInner(chunk, from, to, tokens);
        }
        for (int i = suffixes.size() - 1; i >= 0; i--) {
            tokens.add(suffixes.get(i));
        }
        return tokens;
    }

    /** No rule cuts a chunk of ASCII letters, as most chunks are. */
    private static boolean isPlainWord(char[] chunk) {
        for (char c : chunk) {
            int letter = c | 0x20;
            if (letter < 'a' || letter > 'z') {
                return false;
            }
        }
        return true;
    }

    private static String text(char[] chunk, int from, int to) {
        return new String(chunk, from, to - from);
    }

    private boolean isException(char[] chunk, int from, int to) {
        return from < to && to - from <= longestException && exceptions.containsKey(text(chunk, from, to));
    }

    /** Cuts what is left between prefixes and suffixes at its infixes, unless it is an address. */
    private static void addInner(char[] chunk, int from, int to, List<String> tokens) {
        if (UrlPattern.matches(chunk, from, to)) {
            tokens.add(text(chunk, from, to));
            return;
        }
        int start = from;
        int i = from;
        while (i < to) {
            int end = EnglishPunctuation.infixEnd(chunk, from, to, i);
            // An infix at the very beginning cuts nothing off, not even itself.
            if (end > i && i > from) {
                if (i > start) {
                    tokens.add(text(chunk, start, i));
                }
                tokens.add(text(chunk, i, end));
                start = end;
            }
            i = Math.max(end, i + 1);
        }
        if (start < to) {
            tokens.add(text(chunk, start, to));
        }
    }
}

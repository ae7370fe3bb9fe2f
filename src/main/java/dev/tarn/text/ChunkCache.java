package dev.tarn.text;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a text at its spaces and remembers the tokens of each chunk, so that a frequent word is cut once.
 *
 * <p>The memory is bounded: each chunk has two places where it may lie and takes the older one over when both are taken.
 *
 * <p><em>Thread-safety:</em> any number of threads. A place is one reference to an immutable entry, read and written
 * without a lock: a thread sees a whole entry or none, and a lost one is only cut again.
 */
final class ChunkCache {

    /** 2^17 places: the chunks of IMDB that are seen more than a few times, in about 20 MiB when full. */
    private static final int PLACES = 1 << 17;

    /** Chunks longer than this are seldom seen again. */
    private static final int MAX_LENGTH = 32;

    /** The tokens of a chunk; immutable, so that it may be handed between threads without a lock. */
    private static final class Entry {
        final int hash;
        final char[] chunk;
        final String[] tokens;

        Entry(int hash, char[] chunk, String[] tokens) {
            this.hash = hash;
            this.chunk = chunk;
            this.tokens = tokens;
        }
    }

    private final @Nullable Entry[] places = new Entry[PLACES];
    private final Function<String, List<String>> cut;

    /** @param cut the tokens of one chunk; the same whenever it is called */
    ChunkCache(Function<String, List<String>> cut) {
        this.cut = cut;
    }

    /**
     * Adds the tokens of a text to a list.
     *
     * <p>Chunks are runs of spaces and runs of other characters. A single space between them, more exactly one U+0020 where
     * a run of spaces begins, belongs to neither; so of {@code "a \n b"} the chunks are {@code a}, {@code "\n "}, {@code b}.
     */
    void tokenize(String text, List<String> tokens) {
        if (text.isEmpty()) {
            return;
        }
        char[] chars = text.toCharArray();
        boolean inSpace = Characters.isSpace(chars[0]);
        int start = 0;
        int hash = 0;
        for (int i = 0; i < chars.length; i++) {
            char c = chars[i];
            if (Characters.isSpace(c) == inSpace) {
                hash = 31 * hash + c;
                continue;
            }
            if (start < i) {
                add(chars, start, i, hash, tokens);
            }
            inSpace = !inSpace;
            start = c == ' ' ? i + 1 : i;
            hash = c == ' ' ? 0 : c;
        }
        if (start < chars.length) {
            add(chars, start, chars.length, hash, tokens);
        }
    }

    private void add(char[] chars, int from, int to, int hash, List<String> tokens) {
        int mixed = hash * 0x9E3779B9;
        int first = mixed >>> 15;
        int second = first ^ 1;
        Entry entry = places[first];
        if (!is(entry, chars, from, to, hash)) {
            entry = places[second];
            if (!is(entry, chars, from, to, hash)) {
                entry = newEntry(chars, from, to, hash);
                if (to - from <= MAX_LENGTH) {
                    places[second] = places[first];
                    places[first] = entry;
                }
            }
        }
        for (String token : entry.tokens) {
            tokens.add(token);
        }
    }

    private static boolean is(@Nullable Entry entry, char[] chars, int from, int to, int hash) {
        return entry != null
                && entry.hash == hash
                && Arrays.equals(entry.chunk, 0, entry.chunk.length, chars, from, to);
    }

    private Entry newEntry(char[] chars, int from, int to, int hash) {
        List<String> tokens = cut.apply(new String(chars, from, to - from));
        return new Entry(hash, Arrays.copyOfRange(chars, from, to), tokens.toArray(new String[0]));
    }
}

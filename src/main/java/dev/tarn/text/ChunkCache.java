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
    private static final int PLACE_BITS = 17;

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

    private final @Nullable Entry[] places = new Entry[1 << PLACE_BITS];
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
        char[] chars = text.toCharArray();
        int start = 0;
        while (start < chars.length) {
            int end = endOfChunk(chars, start);
            for (String token : entry(chars, start, end).tokens) {
                tokens.add(token);
            }
            start = end < chars.length && chars[end] == ' ' ? end + 1 : end;
        }
    }

    /** The end of the run of spaces, or of other characters, that begins at {@code from}. */
    private static int endOfChunk(char[] chars, int from) {
        boolean inSpace = Characters.isSpace(chars[from]);
        int i = from + 1;
        while (i < chars.length && Characters.isSpace(chars[i]) == inSpace) {
            i++;
        }
        return i;
    }

    private Entry entry(char[] chars, int from, int to) {
        int hash = 0;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + chars[i];
        }
        int place = (hash * 0x9E3779B9) >>> (Integer.SIZE - PLACE_BITS);
        Entry entry = places[place];
        if (is(entry, chars, from, to, hash)) {
            return entry;
        }
        entry = places[place ^ 1];
        return is(entry, chars, from, to, hash) ? entry : newEntry(chars, from, to, hash, place);
    }

    private static boolean is(@Nullable Entry entry, char[] chars, int from, int to, int hash) {
        return entry != null
                && entry.hash == hash
                && Arrays.equals(entry.chunk, 0, entry.chunk.length, chars, from, to);
    }

    private Entry newEntry(char[] chars, int from, int to, int hash, int place) {
        String[] tokens = cut.apply(new String(chars, from, to - from)).toArray(new String[0]);
        Entry entry = new Entry(hash, Arrays.copyOfRange(chars, from, to), tokens);
        if (to - from <= MAX_LENGTH) {
            places[place ^ 1] = places[place];
            places[place] = entry;
        }
        return entry;
    }
}

package dev.tarn.text;

import dev.tarn.DataException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/**
 * Reads documents, one a line, and writes the tokens of each as a JSON array on a line, in the same order.
 *
 * <p>A line ends at U+000A, before which one U+000D is dropped; other characters that Unicode calls line ends do not end it.
 * What follows the last line end is a line unless it is empty. The calling thread reads and writes; decoding, tokenizing
 * and encoding are done by the workers, on blocks of whole lines.
 *
 * @param pipeline makes the tokens
 * @param threads how many workers there are, at least 1
 */
public record TokenLines(TextPipeline pipeline, int threads) {

    private static final int BLOCK_BYTES = 1 << 18;

    /** What went through: lines read and arrays written, and the tokens in them. */
    public record Totals(long lines, long tokens) {}

    /** @throws IllegalArgumentException if {@code threads} is below 1 */
    public TokenLines {
        if (threads < 1) {
            throw new IllegalArgumentException("threads is " + threads + ", must be at least 1");
        }
    }

    /** Whole lines; {@code offset} counts the bytes of the stream before them. */
    private static final class Block {
        final byte[] bytes;
        final int length;
        final long offset;

        Block(byte[] bytes, int length, long offset) {
            this.bytes = bytes;
            this.length = length;
            this.offset = offset;
        }
    }

    private record Result(JsonBytes json, long lines, long tokens) {}

    /**
     * Reads to the end of the input. Neither stream is closed; the output is flushed.
     *
     * @throws DataException if the input is not UTF-8; the lines before the block with the fault may have been written
     * @throws IOException if a stream fails
     */
    public Totals run(InputStream in, OutputStream out) throws IOException {
        long[] totals = new long[2];
        try {
            OrderedWork.run(new Blocks(in), threads, this::encode, result -> {
                try {
                    out.write(result.json.bytes(), 0, result.json.length());
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                totals[0] += result.lines;
                totals[1] += result.tokens;
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        out.flush();
        return new Totals(totals[0], totals[1]);
    }

    private Result encode(Block block) {
        JsonBytes json = new JsonBytes(block.length * 2 + 64);
        long lines = 0;
        long tokens = 0;
        int start = 0;
        while (start < block.length) {
            int end = start;
            while (end < block.length && block.bytes[end] != '\n') {
                end++;
            }
            int textEnd = end > start && end < block.length && block.bytes[end - 1] == '\r' ? end - 1 : end;
            List<String> line = pipeline.tokenize(decode(block, start, textEnd));
            json.array(line);
            json.ascii('\n');
            lines++;
            tokens += line.size();
            start = end + 1;
        }
        return new Result(json, lines, tokens);
    }

    /** The lenient decoder of {@link String} is many times faster; only where it left its mark the strict one looks. */
    private static String decode(Block block, int from, int to) {
        String text = new String(block.bytes, from, to - from, StandardCharsets.UTF_8);
        if (text.indexOf('\uFFFD') >= 0) {
            CharsetDecoder strict = StandardCharsets.UTF_8.newDecoder();
            ByteBuffer bytes = ByteBuffer.wrap(block.bytes, from, to - from);
            CoderResult result = strict.decode(bytes, CharBuffer.allocate(to - from), true);
            if (result.isError()) {
                throw new DataException(String.format(
                        "The input is not UTF-8: the byte 0x%02x at offset %d cannot stand there; convert the text to UTF-8.",
                        block.bytes[bytes.position()], block.offset + bytes.position()));
            }
        }
        return text;
    }

    /** Cuts a stream into blocks at line ends; a line longer than a block makes a larger block. */
    private static final class Blocks implements Iterator<Block> {

        private final InputStream in;
        private byte[] rest = new byte[0];
        private boolean atEnd;
        private long offset;

        Blocks(InputStream in) {
            this.in = in;
        }

        @Override
        public boolean hasNext() {
            try {
                if (rest.length == 0 && !atEnd) {
                    read(0);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return rest.length > 0;
        }

        /** Reads a block's worth of bytes behind the rest of the last one, of which {@code kept} hold no line end. */
        private void read(int kept) throws IOException {
            byte[] more = Arrays.copyOf(rest, kept + Math.max(BLOCK_BYTES, kept));
            int read = in.readNBytes(more, kept, more.length - kept);
            atEnd = kept + read < more.length;
            rest = atEnd ? Arrays.copyOf(more, kept + read) : more;
        }

        @Override
        public Block next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            try {
                int searched = 0;
                while (true) {
                    int end = rest.length;
                    while (end > searched && rest[end - 1] != '\n') {
                        end--;
                    }
                    if (end > searched) {
                        return take(end);
                    }
                    if (atEnd) {
                        return take(rest.length);
                    }
                    searched = rest.length;
                    read(searched);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private Block take(int end) {
            Block block = new Block(rest, end, offset);
            offset += end;
            rest = Arrays.copyOfRange(rest, end, rest.length);
            return block;
        }
    }
}

package dev.tarn.checkpoint;

import dev.tarn.CheckpointException;
import dev.tarn.run.FileErrors;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * The bytes of a pickle within a file, read forwards. Nothing is allocated for a length that the file merely claims: a
 * length is compared with what is left of the pickle's part of the file and with {@link #MAX_BYTES} first.
 */
final class PickleInput {

    /** The longest pickle that is read; fastai's have some kilobytes, a vocabulary of 60,000 tokens half a megabyte. */
    static final int MAX_BYTES = 32 << 20;

    private static final int MAX_LINE = 200;
    private static final int MAX_INTEGER_BYTES = 255;

    private final String origin;
    private final FileChannel channel;
    private final long start;
    private final long end;
    private final ByteBuffer buffer = ByteBuffer.allocate(1 << 13).order(ByteOrder.LITTLE_ENDIAN);

    /** Where in the file the byte behind the buffer's last lies. */
    private long filled;

    /**
     * @param origin names the file in messages
     * @param start where in the file the pickle begins
     * @param end where the part of the file ends that the pickle may take
     */
    PickleInput(String origin, FileChannel channel, long start, long end) {
        this.origin = origin;
        this.channel = channel;
        this.start = start;
        this.end = end;
        this.filled = start;
        buffer.limit(0);
    }

    /** Where in the file the next byte lies. */
    long position() {
        return filled - buffer.remaining();
    }

    int u8() {
        return need(1).get() & 0xff;
    }

    int u16() {
        return need(2).getShort() & 0xffff;
    }

    int i32() {
        return need(4).getInt();
    }

    long u32() {
        return i32() & 0xffffffffL;
    }

    long i64() {
        return need(8).getLong();
    }

    /** Python writes doubles of this kind from their high byte on. */
    double bigEndianDouble() {
        return Double.longBitsToDouble(Long.reverseBytes(i64()));
    }

    /** A two's complement integer of this many bytes. */
    BigInteger integer(long length) {
        if (length < 0 || length > MAX_INTEGER_BYTES) {
            throw broken("an integer claims " + length + " bytes, of which at most " + MAX_INTEGER_BYTES + " are read");
        }
        byte[] bytes = bytes(length);
        for (int i = 0, j = bytes.length - 1; i < j; i++, j--) {
            byte swapped = bytes[i];
            bytes[i] = bytes[j];
            bytes[j] = swapped;
        }
        return bytes.length == 0 ? BigInteger.ZERO : new BigInteger(bytes);
    }

    byte[] bytes(long length) {
        long left = Math.min(end, start + MAX_BYTES) - position();
        if (length < 0 || length > left) {
            throw broken("a value claims " + Long.toUnsignedString(length) + " bytes and " + left + " are left");
        }
        byte[] bytes = new byte[(int) length];
        int done = Math.min(bytes.length, buffer.remaining());
        buffer.get(bytes, 0, done);
        if (done < bytes.length) {
            readFully(ByteBuffer.wrap(bytes, done, bytes.length - done), filled);
            filled += bytes.length - done;
        }
        return bytes;
    }

    String utf8(long length) {
        byte[] bytes = bytes(length);
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw broken("a text is not UTF-8");
        }
    }

    /** The rest of a line of ASCII, which is how the name of a global stands in older protocols. */
    String line() {
        StringBuilder line = new StringBuilder();
        for (int c = u8(); c != '\n'; c = u8()) {
            if (line.length() == MAX_LINE || c < ' ' || c > '~') {
                throw broken("a name is longer than " + MAX_LINE + " letters or holds others than ASCII has");
            }
            line.append((char) c);
        }
        return line.toString();
    }

    /** Refuses the file; {@code what} is one clause. */
    CheckpointException broken(String what) {
        return new CheckpointException(origin + " cannot be read at byte " + position() + ": " + what
                + "; it is damaged or was not written by fastai v1.");
    }

    private ByteBuffer need(int count) {
        if (buffer.remaining() >= count) {
            return buffer;
        }
        buffer.compact();
        long most = Math.min(end, start + MAX_BYTES) - filled;
        int wanted = (int) Math.min(buffer.remaining(), most);
        if (buffer.position() + wanted < count) {
            buffer.flip();
            throw broken(
                    end > start + MAX_BYTES
                            ? "the pickle is longer than " + MAX_BYTES + " bytes"
                            : "it ends in the middle of a pickle");
        }
        buffer.limit(buffer.position() + wanted);
        readFully(buffer, filled);
        filled += wanted;
        return buffer.flip();
    }

    private void readFully(ByteBuffer target, long from) {
        try {
            long position = from;
            while (target.hasRemaining()) {
                int count = channel.read(target, position);
                if (count < 0) {
                    throw new CheckpointException(origin + " was cut short while it was read.");
                }
                position += count;
            }
        } catch (IOException e) {
            throw new CheckpointException("Cannot read " + origin + ": " + FileErrors.reason(e) + ".", e);
        }
    }

    /** Text from a file, cut to a length that a message can hold and free of control characters. */
    static String quoted(String text) {
        String cut = text.length() > 80 ? text.substring(0, 80) + "…" : text;
        return '"' + cut.replaceAll("\\p{Cntrl}", "?") + '"';
    }
}

package dev.tarn.testkit;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Writes pickles by hand, instruction by instruction, well-formed ones and others. */
public final class Pickles {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** An empty one of protocol 2. */
    public Pickles() {
        op(0x80, 2);
    }

    /** A vocabulary as fastai writes it. */
    public static byte[] itos(List<String> tokens) {
        Pickles pickle = new Pickles().op(']', '(');
        tokens.forEach(pickle::text);
        return pickle.op('e', '.').bytes();
    }

    /** What stands before the object in a legacy file of torch.save. */
    public static byte[] legacyHead() {
        Pickles head = new Pickles().op(0x8a, 10);
        head.raw(0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19).op('.');
        head.op(0x80, 2, 'M', 1001 & 0xff, 1001 >> 8, '.');
        return head.op(0x80, 2, '}').text("little_endian").op(0x88, 's', '.').bytes();
    }

    /** Instructions and small arguments, a byte each. */
    public Pickles op(int... bytes) {
        return raw(bytes);
    }

    /** The same instruction many times. */
    public Pickles times(int count, int... bytes) {
        for (int i = 0; i < count; i++) {
            raw(bytes);
        }
        return this;
    }

    /** Pushes a text. */
    public Pickles text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        return op('X').i32(utf8.length).raw(utf8);
    }

    /** Pushes a whole number of 32 bits. */
    public Pickles number(int value) {
        return op('J').i32(value);
    }

    /** Pushes what Python would look up under this name. */
    public Pickles global(String module, String name) {
        return op('c').raw((module + "\n" + name + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Pushes a storage of floats, as a tensor refers to it. */
    public Pickles storage(String key, int elements) {
        return op('(').text("storage")
                .global("torch", "FloatStorage")
                .text(key)
                .text("cpu")
                .number(elements)
                .op('t', 'Q');
    }

    public Pickles i32(int value) {
        return raw(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array());
    }

    public Pickles i64(long value) {
        return raw(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array());
    }

    public Pickles raw(byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }

    private Pickles raw(int... bytes) {
        for (int b : bytes) {
            out.write(b);
        }
        return this;
    }

    public byte[] bytes() {
        return out.toByteArray();
    }
}

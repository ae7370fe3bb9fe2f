package dev.tarn.checkpoint;

import dev.tarn.CheckpointException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Python's pickle machine for protocols 2 to 5, cut down to what holds data. A pickle is a program for a stack; this one
 * knows the instructions that build numbers, texts, lists, tuples and dicts, and the few globals of {@link PickleGlobal}.
 * Any other instruction or name ends in a {@link CheckpointException} that names it, so a pickle can call nothing.
 *
 * <p>Bounds: a pickle may have {@link PickleInput#MAX_BYTES} bytes and {@link #MAX_INSTRUCTIONS} instructions, each of
 * which makes a fixed number of small objects beside the bytes that it brings, so that reading one takes less than 256 MiB
 * whatever it holds. The machine does not recurse, and never asks a value for its hash, equality or text unless it is a
 * word or a number, so neither depth nor a list that holds itself does harm.
 *
 * <p>What comes out: {@code String}, {@code Long} or {@code BigInteger}, {@code Double}, {@code Boolean}, {@code byte[]},
 * {@link #NONE}, {@code ArrayList} for a list, {@link Tuple}, {@code LinkedHashMap} with words and numbers as keys for a
 * dict, {@link PthTensor}, and the parts of one.
 */
final class PickleReader {

    /** The most instructions; a vocabulary takes two a token. */
    static final int MAX_INSTRUCTIONS = 2_000_000;

    /** Python's {@code None}. */
    static final Object NONE = new Object() {
        @Override
        public String toString() {
            return "None";
        }
    };

    /** A list that cannot be appended to. */
    record Tuple(List<Object> items) {}

    /** What a pickle means by the name of something outside of it. */
    interface PersistentIds {
        Object load(List<Object> id, PickleInput in);
    }

    /** Refuses every name: for a pickle that stands alone. */
    static final PersistentIds NO_IDS = (id, in) -> {
        throw in.broken("it refers to data outside of it");
    };

    /** A type of numpy, such as {@code "f8"}. */
    private record NumpyDtype(String code) {}

    private final PickleInput in;
    private final PersistentIds ids;
    private final List<Object> stack = new ArrayList<>();
    private final List<Integer> marks = new ArrayList<>();
    private final Map<Long, Object> memo = new HashMap<>();

    /** What may still be made of texts by {@link PickleGlobal#ENCODE}, which can ask for the same text again and again. */
    private int encodable = PickleInput.MAX_BYTES;

    private PickleReader(PickleInput in, PersistentIds ids) {
        this.in = in;
        this.ids = ids;
    }

    /**
     * Reads one pickle; {@code in} stands behind it afterwards.
     *
     * @throws CheckpointException if it is damaged, too large, or holds anything that is not plain data
     */
    static Object read(PickleInput in, PersistentIds ids) {
        return new PickleReader(in, ids).run();
    }

    private Object run() {
        int protocol = in.u8() == 0x80 ? in.u8() : -1;
        if (protocol < 2 || protocol > 5) {
            throw in.broken("no pickle of protocol 2 to 5 begins here");
        }
        for (int count = 0; count < MAX_INSTRUCTIONS; count++) {
            int opcode = in.u8();
            if (opcode == '.') {
                Object result = pop();
                if (!stack.isEmpty() || !marks.isEmpty()) {
                    throw in.broken("the pickle ends and leaves values over");
                }
                return result;
            }
            execute(opcode);
        }
        throw in.broken("the pickle has more than " + MAX_INSTRUCTIONS + " instructions");
    }

    private void execute(int opcode) {
        switch (opcode) {
            case 0x95 -> in.i64(); // FRAME: how much to read ahead, which changes nothing
            case '(' -> marks.add(stack.size());
            case '0' -> drop();
            case '1' -> popToMark();
            case 'N' -> stack.add(NONE);
            case 0x88 -> stack.add(true);
            case 0x89 -> stack.add(false);
            case 'K' -> stack.add((long) in.u8());
            case 'M' -> stack.add((long) in.u16());
            case 'J' -> stack.add((long) in.i32());
            case 0x8a -> stack.add(integer(in.u8()));
            case 0x8b -> stack.add(integer(in.i32()));
            case 'G' -> stack.add(in.bigEndianDouble());
            case 0x8c -> stack.add(in.utf8(in.u8()));
            case 'X' -> stack.add(in.utf8(in.u32()));
            case 0x8d -> stack.add(in.utf8(in.i64()));
            case 'C' -> stack.add(in.bytes(in.u8()));
            case 'B' -> stack.add(in.bytes(in.u32()));
            case 0x8e -> stack.add(in.bytes(in.i64()));
            case ']' -> stack.add(new ArrayList<>(0));
            case 'a' -> append(List.of(pop()));
            case 'e' -> append(popToMark());
            case 'l' -> stack.add(new ArrayList<>(popToMark()));
            case ')' -> stack.add(new Tuple(List.of()));
            case 't' -> stack.add(new Tuple(popToMark()));
            case 0x85 -> stack.add(new Tuple(popLast(1)));
            case 0x86 -> stack.add(new Tuple(popLast(2)));
            case 0x87 -> stack.add(new Tuple(popLast(3)));
            case '}' -> stack.add(new LinkedHashMap<>());
            case 's' -> put(popLast(2));
            case 'u' -> put(popToMark());
            case 'q' -> memo.put((long) in.u8(), top());
            case 'r' -> memo.put(in.u32(), top());
            case 0x94 -> memo.put((long) memo.size(), top());
            case 'h' -> recall(in.u8());
            case 'j' -> recall(in.u32());
            case 'c' -> stack.add(global(in.line(), in.line()));
            case 0x93 -> {
                List<Object> names = popLast(2);
                stack.add(global(text(names.get(0)), text(names.get(1))));
            }
            case 'Q' -> stack.add(ids.load(tuple(pop()), in));
            case 'R' -> {
                List<Object> arguments = tuple(pop());
                stack.add(apply(pop(), arguments));
            }
            case 'b' -> {
                Object state = pop();
                build(top(), state);
            }
            default ->
                throw in.broken("it has the pickle instruction 0x" + Integer.toHexString(opcode)
                        + ", which is not among those that hold data");
        }
    }

    private Object pop() {
        int floor = marks.isEmpty() ? 0 : marks.get(marks.size() - 1);
        if (stack.size() <= floor) {
            throw in.broken("an instruction finds nothing to work on");
        }
        return stack.remove(stack.size() - 1);
    }

    private Object top() {
        Object value = pop();
        stack.add(value);
        return value;
    }

    private void drop() {
        int top = marks.size() - 1;
        if (top >= 0 && marks.get(top) == stack.size()) {
            marks.remove(top);
        } else {
            pop();
        }
    }

    private List<Object> popLast(int count) {
        Object[] values = new Object[count];
        for (int i = count - 1; i >= 0; i--) {
            values[i] = pop();
        }
        return Arrays.asList(values);
    }

    private List<Object> popToMark() {
        if (marks.isEmpty()) {
            throw in.broken("an instruction finds no mark");
        }
        List<Object> above = stack.subList(marks.remove(marks.size() - 1), stack.size());
        List<Object> values = Arrays.asList(above.toArray());
        above.clear();
        return values;
    }

    private void recall(long index) {
        Object value = memo.get(index);
        if (value == null) {
            throw in.broken("it recalls value " + index + ", which was never kept");
        }
        stack.add(value);
    }

    @SuppressWarnings("unchecked")
    private void append(List<Object> values) {
        if (!(top() instanceof ArrayList<?> list)) {
            throw in.broken("it appends to what is no list");
        }
        ((ArrayList<Object>) list).addAll(values);
    }

    @SuppressWarnings("unchecked")
    private void put(List<Object> pairs) {
        if (!(top() instanceof LinkedHashMap<?, ?> map) || pairs.size() % 2 != 0) {
            throw in.broken("it sets an item of what is no dict");
        }
        for (int i = 0; i < pairs.size(); i += 2) {
            Object key = pairs.get(i);
            if (!(key instanceof String || key instanceof Long)) {
                throw in.broken("the key of a dict is neither a text nor a whole number");
            }
            ((LinkedHashMap<Object, Object>) map).put(key, pairs.get(i + 1));
        }
    }

    private PickleGlobal global(String module, String name) {
        PickleGlobal global = PickleGlobal.find(module, name);
        if (global == null) {
            throw in.broken("it asks for " + PickleInput.quoted(module + '.' + name)
                    + ", which is not among the names that a state dict needs, and nothing of it was run");
        }
        return global;
    }

    private Object integer(long bytes) {
        BigInteger value = in.integer(bytes);
        return value.bitLength() < Long.SIZE ? (Object) value.longValueExact() : value;
    }

    private Object apply(Object callee, List<Object> arguments) {
        if (callee instanceof PickleGlobal global) {
            return call(global, arguments);
        }
        throw in.broken("it calls what cannot be called");
    }

    private Object call(PickleGlobal global, List<Object> arguments) {
        int count = arguments.size();
        boolean fits = switch (global) {
            case ORDERED_DICT -> count == 0;
            case REBUILD_TENSOR -> count == 4;
            case REBUILD_TENSOR_V2 -> count == 6 || count == 7;
            case REBUILD_PARAMETER, NUMPY_DTYPE -> count == 3;
            case ENCODE, NUMPY_SCALAR, NUMPY_2_SCALAR -> count == 2;
            default -> false;
        };
        if (!fits) {
            throw in.broken("it calls " + global.qualified() + " with " + count + " arguments");
        }
        return switch (global) {
            case ORDERED_DICT -> new LinkedHashMap<>();
            case REBUILD_TENSOR, REBUILD_TENSOR_V2 -> tensor(arguments);
            case REBUILD_PARAMETER -> {
                if (!(arguments.get(0) instanceof PthTensor tensor)) {
                    throw in.broken("a parameter is made of what is no tensor");
                }
                yield tensor;
            }
            case ENCODE -> latin1(text(arguments.get(0)), text(arguments.get(1)));
            case NUMPY_DTYPE -> new NumpyDtype(text(arguments.get(0)));
            default -> scalar(arguments.get(0), arguments.get(1));
        };
    }

    /** The state of a state dict is its {@code _metadata}: versions of modules, of no use here. */
    private void build(Object target, Object state) {
        if (target instanceof LinkedHashMap<?, ?> && state instanceof LinkedHashMap<?, ?>) {
            return;
        }
        boolean isLittleEndian = target instanceof NumpyDtype
                && state instanceof Tuple tuple
                && tuple.items().size() > 1
                && tuple.items().get(1) instanceof String order
                && (order.equals("<") || order.equals("|"));
        if (!isLittleEndian) {
            throw in.broken("it gives a state to what has none");
        }
    }

    private PthTensor tensor(List<Object> arguments) {
        if (!(arguments.get(0) instanceof PthStorage storage)) {
            throw in.broken("a tensor is made of what is no storage");
        }
        List<Object> sizes = tuple(arguments.get(2));
        List<Object> steps = tuple(arguments.get(3));
        if (sizes.size() != steps.size() || sizes.size() > SafeTensorsHeader.MAX_RANK) {
            throw in.broken("a tensor has " + sizes.size() + " dimensions and " + steps.size() + " strides");
        }
        int[] shape = new int[sizes.size()];
        long[] strides = new long[shape.length];
        long last = number(arguments.get(1), Long.MAX_VALUE / 2);
        long size = 1;
        try {
            for (int axis = 0; axis < shape.length; axis++) {
                shape[axis] = (int) number(sizes.get(axis), Integer.MAX_VALUE);
                strides[axis] = number(steps.get(axis), Long.MAX_VALUE);
                last = Math.addExact(last, Math.multiplyExact((long) Math.max(0, shape[axis] - 1), strides[axis]));
                size = Math.multiplyExact(size, (long) shape[axis]);
            }
        } catch (ArithmeticException e) {
            throw in.broken("a tensor is larger than any file");
        }
        if (size > 0 && last >= storage.numel()) {
            throw in.broken("a tensor of shape " + Arrays.toString(shape) + " reaches element " + last
                    + " of a storage that has " + storage.numel());
        }
        return new PthTensor(storage, number(arguments.get(1), Long.MAX_VALUE / 2), shape, strides);
    }

    private Object scalar(Object type, Object value) {
        if (!(type instanceof NumpyDtype dtype) || !(value instanceof byte[] bytes)) {
            throw in.broken("a number of numpy is not made of a type and bytes");
        }
        int length = bytes.length;
        long bits = 0;
        for (int i = length - 1; i >= 0; i--) {
            bits = bits << 8 | (bytes[i] & 0xff);
        }
        return switch (dtype.code() + ":" + length) {
            case "f8:8" -> Double.longBitsToDouble(bits);
            case "f4:4" -> (double) Float.intBitsToFloat((int) bits);
            case "i8:8" -> bits;
            case "i4:4" -> (long) (int) bits;
            case "b1:1" -> bits != 0;
            default ->
                throw in.broken("a number of numpy has the type " + PickleInput.quoted(dtype.code()) + " and " + length
                        + " bytes");
        };
    }

    private byte[] latin1(String text, String encoding) {
        if (!encoding.equals("latin1") || text.chars().anyMatch(c -> c > 0xff)) {
            throw in.broken("bytes are not written as latin1");
        }
        encodable -= text.length();
        if (encodable < 0) {
            throw in.broken("its bytes are more than " + PickleInput.MAX_BYTES);
        }
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private String text(@Nullable Object value) {
        if (!(value instanceof String text)) {
            throw in.broken("a text is missing");
        }
        return text;
    }

    private List<Object> tuple(@Nullable Object value) {
        if (!(value instanceof Tuple tuple)) {
            throw in.broken("a tuple is missing");
        }
        return tuple.items();
    }

    private long number(@Nullable Object value, long most) {
        if (!(value instanceof Long number) || number < 0 || number > most) {
            throw in.broken("a size of a tensor is no whole number from 0 to " + most);
        }
        return number;
    }
}

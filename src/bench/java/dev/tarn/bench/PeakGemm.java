package dev.tarn.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;
import tools.jackson.databind.json.JsonMapper;

/**
 * The fastest that this machine multiplies matrices through oneDNN: the best of several shapes, layouts and repetitions,
 * as {@code dnnl_sgemm} and as a float32 and a bfloat16 matmul, on matrices of the size that a step has.
 */
final class PeakGemm {

    /** The input projection of the second layer for B=64, and a piece of the decoder. */
    private static final List<Shape> SHAPES = List.of(new Shape(4480, 4608, 1152), new Shape(4480, 8192, 400));

    private static final double SECONDS_EACH = 0.7;

    /** What was found, in operations per second. */
    record Peaks(double f32, double bf16, String instructionSet) {}

    private record Shape(int m, int n, int k) {

        double flops() {
            return 2.0 * m * n * k;
        }
    }

    private final engine cpu = new engine(engine.kind.cpu, 0);
    private final stream queue = new stream(cpu);
    private final Random random = new Random(1);
    /** Everything that oneDNN holds an address of; it does not keep Java's owners alive. */
    private final List<Pointer> alive = new ArrayList<>();

    private PeakGemm() {}

    public static void main(String[] args) {
        PeakGemm gemm = new PeakGemm();
        double f32 = 0;
        double bf16 = 0;
        for (Shape shape : SHAPES) {
            f32 = Math.max(f32, gemm.sgemm(shape));
            for (boolean packed : new boolean[] {false, true}) {
                f32 = Math.max(f32, gemm.matmul(shape, memory.data_type.f32, packed));
                bf16 = Math.max(bf16, gemm.matmul(shape, memory.data_type.bf16, packed));
            }
        }
        String isa = dnnl.get_effective_cpu_isa().toString().toLowerCase(Locale.ROOT);
        System.out.println(ArmProcess.RESULT + new JsonMapper().writeValueAsString(new Peaks(f32, bf16, isa)));
    }

    private double sgemm(Shape s) {
        FloatPointer a = filled(keep(new FloatPointer((long) s.m * s.k)), memory.data_type.f32, 4L * s.m * s.k);
        FloatPointer b = filled(keep(new FloatPointer((long) s.k * s.n)), memory.data_type.f32, 4L * s.k * s.n);
        FloatPointer c = filled(keep(new FloatPointer((long) s.m * s.n)), memory.data_type.f32, 4L * s.m * s.n);
        return rate(s, () -> dnnl.dnnl_sgemm((byte) 'N', (byte) 'T', s.m, s.n, s.k, 1f, a, s.k, b, s.k, 0f, c, s.n));
    }

    private double matmul(Shape s, memory.data_type type, boolean packed) {
        memory.desc aShape = keep(rowMajor(s.m, s.k, type));
        memory.desc bShape = keep(
                packed
                        ? new memory.desc(new long[] {s.k, s.n}, type, memory.format_tag.any)
                        : rowMajor(s.k, s.n, type));
        memory.desc cShape = keep(rowMajor(s.m, s.n, type));
        matmul.primitive_desc plan = keep(new matmul.primitive_desc(cpu, aShape, bShape, cShape));
        matmul primitive = keep(new matmul(plan));
        memory a = keep(new memory(aShape, cpu));
        memory b = keep(new memory(keep(plan.weights_desc()), cpu));
        memory c = keep(new memory(cShape, cpu));
        for (memory operand : List.of(a, b)) {
            filled(operand.get_data_handle(), type, operand.get_desc().get_size());
        }
        IntMemoryMap arguments = keep(new IntMemoryMap());
        arguments.put(dnnl.DNNL_ARG_SRC, a);
        arguments.put(dnnl.DNNL_ARG_WEIGHTS, b);
        arguments.put(dnnl.DNNL_ARG_DST, c);
        return rate(s, () -> {
            primitive.execute(queue, arguments);
            queue._wait();
        });
    }

    private static memory.desc rowMajor(long rows, long columns, memory.data_type type) {
        return new memory.desc(new long[] {rows, columns}, type, new long[] {columns, 1});
    }

    /**
     * Fills memory with numbers from -1 to 1. Equal numbers would flatter the machine: a processor that toggles fewer bits
     * draws less power, and this one's clock depends on it.
     */
    private <P extends Pointer> P filled(P pointer, memory.data_type type, long bytes) {
        boolean isF32 = type.value == memory.data_type.f32.value;
        int[] words = new int[(int) Math.min(1 << 16, bytes / Integer.BYTES)];
        for (int i = 0; i < words.length; i++) {
            words[i] = isF32 ? number() : (number() & 0xFFFF0000) | (number() >>> 16);
        }
        IntPointer target = new IntPointer(pointer);
        long total = bytes / Integer.BYTES;
        for (long at = 0; at < total; at += words.length) {
            target.position(at).put(words, 0, (int) Math.min(words.length, total - at));
        }
        return pointer;
    }

    private int number() {
        return Float.floatToRawIntBits(2 * random.nextFloat() - 1);
    }

    private <P extends Pointer> P keep(P pointer) {
        alive.add(pointer);
        return pointer;
    }

    /** Operations per second of the fastest repetition. */
    private static double rate(Shape shape, Runnable product) {
        product.run();
        double best = Double.MAX_VALUE;
        long start = System.nanoTime();
        while (System.nanoTime() - start < SECONDS_EACH * 1e9) {
            long before = System.nanoTime();
            product.run();
            best = Math.min(best, (System.nanoTime() - before) / 1e9);
        }
        return shape.flops() / best;
    }
}

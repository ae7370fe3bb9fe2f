package dev.tarn.backend.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.get_effective_cpu_isa;
import static org.bytedeco.dnnl.global.dnnl.scratchpad_mode;

import dev.tarn.DeviceException;
import java.util.Locale;
import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.primitive_desc_base;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.softmax_forward;
import org.bytedeco.dnnl.stream;
import org.jspecify.annotations.Nullable;

/**
 * oneDNN as this backend uses it: an engine, a stream, and factories for {@link Kernel}s. All its kernels share one
 * scratchpad, for two reasons: it need not be allocated at each run, and oneDNN's own is tied to the thread that created
 * the kernel, so that running it from another one would crash.
 */
final class OneDnn implements AutoCloseable {

    static final memory.data_type F32 = memory.data_type.f32;
    static final memory.data_type BF16 = memory.data_type.bf16;

    private final Owned owned = new Owned();
    private final engine cpu;
    private final stream queue;
    private final SharedBlock scratchpad;
    private final Address left = new Address();
    private final Address right = new Address();
    private final Address product = new Address();

    OneDnn(HostMemory memory) {
        scratchpad = new SharedBlock(memory, "the scratchpad of oneDNN");
        cpu = owned.keep(new engine(engine.kind.cpu, 0));
        queue = owned.keep(new stream(cpu));
    }

    /** Library and instruction set: {@code "oneDNN 3.11.0, avx512_core_bf16"}. */
    static String describe() {
        dnnl_version_t version = dnnl.version();
        return String.format(
                Locale.ROOT,
                "oneDNN %d.%d.%d, %s",
                version.major(),
                version.minor(),
                version.patch(),
                get_effective_cpu_isa().toString().toLowerCase(Locale.ROOT));
    }

    /** Rows of {@code columns} elements that start {@code stride} elements apart. */
    static memory.desc matrix(Owned owned, memory.data_type type, long rows, long columns, long stride) {
        return owned.keep(new memory.desc(new long[] {rows, columns}, type, new long[] {stride, 1}));
    }

    /** A dense row-major matrix. */
    static memory.desc matrix(Owned owned, memory.data_type type, long rows, long columns) {
        return matrix(owned, type, rows, columns, columns);
    }

    /** A matrix [rows,columns] in memory that holds its transpose row by row, the rows {@code stride} apart. */
    static memory.desc transposed(Owned owned, memory.data_type type, long rows, long columns, long stride) {
        return owned.keep(new memory.desc(new long[] {rows, columns}, type, new long[] {1, stride}));
    }

    /** A matrix in whatever layout the kernel likes best. */
    static memory.desc any(Owned owned, memory.data_type type, long rows, long columns) {
        return owned.keep(new memory.desc(new long[] {rows, columns}, type, memory.format_tag.any));
    }

    /** What a product does besides multiplying, in this order. */
    record Epilogue(boolean adds, @Nullable Activation activation) {

        static final Epilogue NONE = new Epilogue(false, null);
        static final Epilogue ADD = new Epilogue(true, null);
    }

    /** Applied to each element of a product. */
    enum Activation {
        SIGMOID,
        TANH
    }

    /**
     * {@code target (+)= source · weights (+ bias)}, then the activation.
     *
     * @throws IllegalArgumentException for an f32 product of one row that adds to its target: oneDNN 3.11 computes that
     *     wrong when the row is longer than about 1100, and writes up to a kilobyte behind its scratchpad. Hand the row
     *     that is to be added in as the bias instead.
     */
    Kernel matmul(
            Owned owner,
            memory.desc source,
            memory.desc weights,
            memory.@Nullable desc bias,
            memory.desc target,
            Epilogue epilogue) {
        boolean isF32 = source.get_data_type().value == F32.value;
        if (epilogue.adds() && isF32 && rows(owner, target) == 1) {
            throw new IllegalArgumentException("a product of one row cannot add to its target");
        }
        primitive_attr attributes = attributes(owner);
        post_ops after = owner.keep(new post_ops());
        if (epilogue.adds()) {
            after.append_sum();
        }
        if (epilogue.activation() != null) {
            boolean isTanh = epilogue.activation() == Activation.TANH;
            after.append_eltwise(isTanh ? dnnl.algorithm.eltwise_tanh : dnnl.algorithm.eltwise_logistic, 0, 0);
        }
        attributes.set_post_ops(after);
        matmul.primitive_desc plan = owner.keep(
                bias == null
                        ? new matmul.primitive_desc(cpu, source, weights, target, attributes, true)
                        : new matmul.primitive_desc(cpu, source, weights, bias, target, attributes, true));
        require(plan, "a matrix product");
        Kernel kernel = new Kernel(this, owner, owner.keep(new matmul(plan)), scratchpad(owner, plan));
        kernel.argument(Kernel.SOURCE, source);
        kernel.argument(Kernel.WEIGHTS, owner.keep(plan.weights_desc()));
        if (bias != null) {
            kernel.argument(Kernel.BIAS, bias);
        }
        kernel.argument(Kernel.TARGET, target);
        return kernel;
    }

    private static long rows(Owned owner, memory.desc matrix) {
        return owner.keep(matrix.get_dims()).get(0);
    }

    /** Copies between layouts and types. */
    Kernel copy(Owned owner, memory.desc source, memory.desc target) {
        return copy(owner, source, target, false, false);
    }

    /** Adds to the target, which may differ from the source in its layout. */
    Kernel add(Owned owner, memory.desc source, memory.desc target) {
        return copy(owner, source, target, true, false);
    }

    /** Copies between types, multiplied by the float at {@link Kernel#SCALE}. */
    Kernel scaledCopy(Owned owner, memory.desc source, memory.desc target) {
        return copy(owner, source, target, false, true);
    }

    private Kernel copy(Owned owner, memory.desc source, memory.desc target, boolean adds, boolean isScaled) {
        primitive_attr attributes = attributes(owner);
        if (adds) {
            post_ops after = owner.keep(new post_ops());
            after.append_sum();
            attributes.set_post_ops(after);
        }
        if (isScaled) {
            attributes.set_scales_mask(DNNL_ARG_SRC, 0);
        }
        reorder.primitive_desc plan =
                owner.keep(new reorder.primitive_desc(cpu, source, cpu, target, attributes, true));
        require(plan, "a copy between layouts");
        Kernel kernel = new Kernel(this, owner, owner.keep(new reorder(plan)), scratchpad(owner, plan));
        kernel.argument(Kernel.SOURCE, source);
        kernel.argument(Kernel.TARGET, target);
        if (isScaled) {
            kernel.argument(Kernel.SCALE, owner.keep(new memory.desc(new long[] {1}, F32, memory.format_tag.a)));
        }
        return kernel;
    }

    /** The softmax of each row; source and target may be the same memory. */
    Kernel softmax(Owned owner, memory.desc rows) {
        softmax_forward.primitive_desc plan = owner.keep(new softmax_forward.primitive_desc(
                cpu,
                dnnl.prop_kind.forward_inference,
                dnnl.algorithm.softmax_accurate,
                rows,
                rows,
                1,
                attributes(owner),
                true));
        require(plan, "a softmax");
        Kernel kernel = new Kernel(this, owner, owner.keep(new softmax_forward(plan)), scratchpad(owner, plan));
        kernel.argument(Kernel.SOURCE, rows);
        kernel.argument(Kernel.TARGET, rows);
        return kernel;
    }

    /** Whether this processor multiplies numbers of this type with instructions made for it. */
    boolean multiplies(memory.data_type type) {
        try (Owned trial = new Owned()) {
            matmul.primitive_desc plan = trial.keep(new matmul.primitive_desc(
                    cpu,
                    matrix(trial, type, 64, 64),
                    any(trial, type, 64, 64),
                    matrix(trial, F32, 64, 64),
                    attributes(trial),
                    true));
            return !plan.isNull()
                    && plan.get(true) != null
                    && !implementation(plan).startsWith("ref");
        }
    }

    private static String implementation(primitive_desc_base plan) {
        return plan.impl_info_str().getString();
    }

    private static primitive_attr attributes(Owned owner) {
        primitive_attr attributes = owner.keep(new primitive_attr());
        attributes.set_scratchpad_mode(scratchpad_mode.user);
        return attributes;
    }

    private static void require(primitive_desc_base plan, String what) {
        if (plan.get(true) == null) {
            throw new DeviceException(
                    "oneDNN has no way to compute " + what + " on this processor (" + describe() + ").");
        }
    }

    private memory.desc scratchpad(Owned owner, primitive_desc_base plan) {
        memory.desc wanted = owner.keep(plan.scratchpad_desc());
        scratchpad.reserve(wanted.get_size());
        return wanted;
    }

    /** Where the scratchpad is now; creating a kernel may move it. */
    long scratchpadAddress() {
        return scratchpad.address();
    }

    /**
     * {@code target = source · weights} in single precision, row-major and dense.
     *
     * @param source [m,k]
     * @param weights [k,n]
     * @param target [m,n]
     */
    void multiply(long m, long n, long k, long source, long weights, long target) {
        sgemm((byte) 'N', (byte) 'N', m, n, k, 1f, source, k, weights, n, 0f, target, n);
    }

    /** {@code target += source · weights'} likewise, with weights [n,k]. */
    void addProductByTransposed(long m, long n, long k, long source, long weights, long target) {
        sgemm((byte) 'N', (byte) 'T', m, n, k, 1f, source, k, weights, k, 1f, target, n);
    }

    /**
     * {@code target = factor · source' · weights + keep · target} in single precision, row-major.
     *
     * @param source [k,m], of which the transpose is taken, rows {@code sourceStride} apart
     * @param weights [k,n], dense
     * @param target [m,n], dense
     */
    void multiplyTransposed(
            long m,
            long n,
            long k,
            float factor,
            long source,
            long sourceStride,
            long weights,
            float keep,
            long target) {
        sgemm((byte) 'T', (byte) 'N', m, n, k, factor, source, sourceStride, weights, n, keep, target, n);
    }

    /** {@code target += factor · Σ_rows source}, the sums of the columns of [rows,columns], rows {@code stride} apart. */
    void addColumnSums(long rows, long columns, float factor, long source, long stride, long ones, long target) {
        sgemm((byte) 'N', (byte) 'N', 1, columns, rows, factor, ones, rows, source, stride, 1f, target, columns);
    }

    private void sgemm(
            byte layout,
            byte weightLayout,
            long m,
            long n,
            long k,
            float factor,
            long source,
            long sourceStride,
            long weights,
            long weightStride,
            float keep,
            long target,
            long targetStride) {
        int status = dnnl.dnnl_sgemm(
                layout,
                weightLayout,
                m,
                n,
                k,
                factor,
                left.to(source),
                sourceStride,
                right.to(weights),
                weightStride,
                keep,
                product.to(target),
                targetStride);
        if (status != 0) {
            throw new DeviceException(
                    "oneDNN refused a matrix product of " + m + " x " + n + " x " + k + " (status " + status + ").");
        }
    }

    memory memory(Owned owner, memory.desc layout) {
        // Without memory of its own: every run binds the addresses.
        return owner.keep(new memory(layout, cpu, (org.bytedeco.javacpp.Pointer) null));
    }

    void execute(primitive kernel, org.bytedeco.dnnl.IntMemoryMap arguments) {
        kernel.execute(queue, arguments);
    }

    @Override
    public void close() {
        owned.close();
        scratchpad.close();
    }
}

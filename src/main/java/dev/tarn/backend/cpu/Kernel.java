package dev.tarn.backend.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_ATTR_SCALES;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive;
import org.jspecify.annotations.Nullable;

/**
 * A prepared oneDNN operation of fixed shapes. Set where its operands are, then {@link #run}; neither allocates.
 * Ownership: the native objects belong to the {@link Owned} it was created with.
 */
final class Kernel {

    static final int SOURCE = 0;
    static final int WEIGHTS = 1;
    static final int BIAS = 2;
    static final int TARGET = 3;
    static final int SCALE = 4;
    private static final int SCRATCHPAD = 5;
    private static final int[] NAMES = {
        DNNL_ARG_SRC,
        DNNL_ARG_WEIGHTS,
        DNNL_ARG_BIAS,
        DNNL_ARG_DST,
        DNNL_ARG_ATTR_SCALES | DNNL_ARG_SRC,
        DNNL_ARG_SCRATCHPAD
    };

    private final OneDnn dnn;
    private final Owned owner;
    private final primitive operation;
    private final IntMemoryMap arguments;
    private final @Nullable memory[] memories = new @Nullable memory[NAMES.length];
    private final memory.@Nullable desc[] layouts = new memory.@Nullable desc[NAMES.length];
    private final long[] bound = new long[NAMES.length];
    private final Address pointer = new Address();

    Kernel(OneDnn dnn, Owned owner, primitive operation, memory.desc scratchpad) {
        this.dnn = dnn;
        this.owner = owner;
        this.operation = operation;
        this.arguments = owner.keep(new IntMemoryMap());
        if (scratchpad.get_size() > 0) {
            argument(SCRATCHPAD, scratchpad);
        }
    }

    void argument(int slot, memory.desc layout) {
        memory operand = dnn.memory(owner, layout);
        memories[slot] = operand;
        layouts[slot] = layout;
        arguments.put(NAMES[slot], operand);
    }

    /** The layout of an operand, which is the kernel's choice where it was asked for "any". */
    memory.desc layout(int slot) {
        memory.desc layout = layouts[slot];
        if (layout == null) {
            throw new IllegalStateException("the kernel has no operand " + slot);
        }
        return layout;
    }

    /** Says where an operand is from now on. */
    Kernel at(int slot, long address) {
        if (bound[slot] != address) {
            memory operand = memories[slot];
            if (operand == null) {
                throw new IllegalStateException("the kernel has no operand " + slot);
            }
            operand.set_data_handle(pointer.to(address));
            bound[slot] = address;
        }
        return this;
    }

    void run() {
        if (memories[SCRATCHPAD] != null) {
            at(SCRATCHPAD, dnn.scratchpadAddress());
        }
        dnn.execute(operation, arguments);
    }

    void run(long source, long target) {
        at(SOURCE, source).at(TARGET, target).run();
    }

    void run(long source, long weights, long target) {
        at(SOURCE, source).at(WEIGHTS, weights).at(TARGET, target).run();
    }
}

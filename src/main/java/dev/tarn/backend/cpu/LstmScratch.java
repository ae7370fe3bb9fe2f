package dev.tarn.backend.cpu;

/**
 * Memory that the LSTM layers of a backend use in turn, never two at once.
 *
 * @param weights a recurrent matrix in single precision: times its mask, or its gradient before the mask
 * @param factors bf16: the inputs of a layer, or those of the products that give the gradients of its weights
 * @param dGates bf16: the gate gradients of all steps
 * @param gates of a forward that keeps nothing
 * @param cells likewise
 * @param states bf16: likewise, h before and after each step
 */
record LstmScratch(
        SharedBlock weights,
        SharedBlock factors,
        SharedBlock dGates,
        SharedBlock gates,
        SharedBlock cells,
        SharedBlock states)
        implements AutoCloseable {

    static LstmScratch in(HostMemory memory) {
        return new LstmScratch(
                new SharedBlock(memory, "staging for LSTM weights"),
                new SharedBlock(memory, "LSTM inputs in bf16"),
                new SharedBlock(memory, "gate gradients in bf16"),
                new SharedBlock(memory, "gates of inference"),
                new SharedBlock(memory, "cell states of inference"),
                new SharedBlock(memory, "states of inference in bf16"));
    }

    @Override
    public void close() {
        weights.close();
        factors.close();
        dGates.close();
        gates.close();
        cells.close();
        states.close();
    }
}

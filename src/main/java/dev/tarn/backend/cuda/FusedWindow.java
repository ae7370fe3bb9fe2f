package dev.tarn.backend.cuda;

/**
 * What a forward of {@link FusedLstm} writes besides its output, and keeps for the backward where it trains.
 *
 * <p>Ownership: the memory, freed by {@link #close}, unless it is scratch memory.
 */
final class FusedWindow implements AutoCloseable {

    private static final int GATES = 4;

    private final DevicePointer gates;
    private final DevicePointer cells;
    private final Factors states;
    private final Owned owned = new Owned();
    private int keptSteps;

    /**
     * With memory of its own.
     *
     * @param units steps times batch times hidden units
     * @param state batch times hidden units
     */
    FusedWindow(CudaDevice device, long units, long state) {
        DeviceMemory memory = device.memory();
        try {
            gates = memory.take("the gates of an LSTM layer", GATES * units * CudaTensor.ELEMENT);
            owned.add(() -> memory.giveBack(gates));
            cells = memory.take("the cells of an LSTM layer", units * CudaTensor.ELEMENT);
            owned.add(() -> memory.giveBack(cells));
            states = owned.add(new Factors(device, "the rounded states of an LSTM layer", units + state));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * In scratch memory of so many {@link #scratchBytes}, as long as that stays where it is.
     *
     * @param states of the layer
     */
    FusedWindow(DevicePointer scratch, long units, Factors states) {
        gates = scratch;
        cells = scratch.plus(GATES * units * CudaTensor.ELEMENT);
        this.states = states;
    }

    static long scratchBytes(long units) {
        return (GATES + 1) * units * CudaTensor.ELEMENT;
    }

    /** [T,B,4H] the sums, then i, f, g and o, and during backward the gradients by the sums. */
    DevicePointer gates() {
        return gates;
    }

    /** [T,B,H] c of every step. */
    DevicePointer cells() {
        return cells;
    }

    /** [T+1,B,H] with bfloat16 the state before the first step and after each; otherwise nothing. */
    Factors states() {
        return states;
    }

    /** The steps of the last training forward that no backward has used, or 0. */
    int keptSteps() {
        return keptSteps;
    }

    void keep(int steps) {
        keptSteps = steps;
    }

    @Override
    public void close() {
        owned.close();
    }
}

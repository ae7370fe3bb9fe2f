package dev.tarn.experiment;

import dev.tarn.train.Callback;
import java.util.List;

/** Told what an experiment does; every method does nothing unless it is overridden. */
public interface ExperimentView {

    /** Something worth knowing, in one sentence. */
    default void note(String sentence) {}

    /** A part of a cell begins. */
    default void begins(Cell cell, String part) {}

    /** The language model of a cell is trained and measured. */
    default void ends(Cell cell, LmResult result) {}

    /** The classifier of a cell is trained and measured. */
    default void ends(Cell cell, ClfResult result) {}

    /** Those who watch the next training. */
    default List<Callback> watchers() {
        return List.of();
    }
}

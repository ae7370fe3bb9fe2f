package dev.tarn.backend;

import dev.tarn.ConfigException;
import dev.tarn.TarnException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How a backend is found: one implementation per backend, listed under {@code META-INF/services}. */
public interface BackendProvider {

    /** The part of the device name before the colon: {@code "cpu"}. */
    String name();

    /** Whether {@code auto} may choose it, and how eagerly: the highest available rank wins, negative never. */
    int rank();

    /** Null if it can be opened here, otherwise one sentence that says what is missing and how to mend it. */
    @Nullable
    String unavailable();

    /** Whether it is unavailable because nothing of it is here, so that a user who did not ask for it need not hear of it. */
    default boolean isAbsent() {
        return false;
    }

    /**
     * Opens the device.
     *
     * @param index the number after the colon, 0 when there is none
     * @throws dev.tarn.DeviceException if it cannot be opened
     * @throws dev.tarn.ConfigException if it does not offer the options
     */
    Backend open(int index, BackendOptions options);

    /** In which ways it computes recurrent layers; the first is what {@link LstmPath#AUTO} means. */
    default List<LstmPath> lstmPaths() {
        return List.of(LstmPath.AUTO);
    }

    /** Refuses a choice of ways that this backend does not have. */
    default void requireAutoLstm(BackendOptions options) {
        if (options.lstm() != LstmPath.AUTO) {
            throw new ConfigException("--lstm " + options.lstm().name().toLowerCase(Locale.ROOT)
                    + " is a choice that only --device cuda has; leave --lstm out on --device " + name() + ".");
        }
    }

    /** In what precisions it can be trained. */
    default List<Precision> precisions() {
        return List.of(Precision.F32, Precision.BF16);
    }

    /** What {@code tarn doctor} says of it: whether its first device opens, in each precision, and why not. */
    default Diagnosis diagnose() {
        List<Diagnosis.Finding> findings = new ArrayList<>();
        for (Precision precision : precisions()) {
            String what = "device " + name() + " " + precision.name().toLowerCase(Locale.ROOT);
            String unavailable = unavailable();
            if (unavailable != null) {
                findings.add(new Diagnosis.Finding(what, false, unavailable));
                continue;
            }
            try (Backend backend = open(0, BackendOptions.of(precision))) {
                findings.add(new Diagnosis.Finding(what, true, backend.info().description()));
            } catch (TarnException e) {
                findings.add(new Diagnosis.Finding(what, false, e.sentence()));
            }
        }
        return new Diagnosis(findings.stream().anyMatch(Diagnosis.Finding::isGood), findings);
    }
}

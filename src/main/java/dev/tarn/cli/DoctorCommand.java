package dev.tarn.cli;

import dev.tarn.DeviceException;
import dev.tarn.TarnException;
import dev.tarn.backend.Backend;
import dev.tarn.backend.BackendProvider;
import dev.tarn.backend.Devices;
import dev.tarn.backend.Precision;
import dev.tarn.run.JsonEvent;
import dev.tarn.run.Machine;
import dev.tarn.run.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;

/** {@code tarn doctor}: what this machine can run, and how to mend what it cannot. */
@Command(name = "doctor", description = "Say what this machine can run, and how to mend what it cannot.")
final class DoctorCommand extends TarnCommand {

    /** One line of the report. */
    private record Finding(String what, boolean isGood, String text) {}

    DoctorCommand(Console console) {
        super(console);
    }

    @Override
    void execute() {
        List<Finding> findings = new ArrayList<>();
        Machine machine = Machine.current();
        findings.add(new Finding("tarn", true, Version.number()));
        findings.add(new Finding("java", true, machine.java()));
        findings.add(new Finding("system", true, machine.os()));
        findings.add(new Finding(
                "processor",
                true,
                machine.cpu() + ", " + machine.processors() + " processors, " + (machine.memoryBytes() >> 20) + " MiB, "
                        + String.join(" ", machine.features())));
        findings.add(folder("temporary files", Path.of(System.getProperty("java.io.tmpdir"))));
        findings.add(folder("native libraries", cache()));
        boolean canTrain = false;
        for (BackendProvider provider : Devices.providers()) {
            for (Precision precision : precisions(provider)) {
                Finding finding = device(provider, precision);
                findings.add(finding);
                canTrain |= finding.isGood() && provider.rank() >= 0;
            }
        }
        findings.add(new Finding("device cuda", false, "this build has no CUDA backend; train with --device cpu."));
        print(findings, machine);
        if (!canTrain) {
            throw new DeviceException("No device can train here; mend what the report marks.");
        }
    }

    private void print(List<Finding> findings, Machine machine) {
        if (console.isJson()) {
            List<JsonEvent> items = new ArrayList<>();
            for (Finding finding : findings) {
                items.add(JsonEvent.object()
                        .with("what", finding.what())
                        .with("ok", finding.isGood())
                        .with("text", finding.text()));
            }
            console.result(
                    "", JsonEvent.of("doctor").with("machine", machine.toJson()).with("findings", items));
            return;
        }
        for (Finding finding : findings) {
            console.line(
                    String.format("%-4s %-18s %s", finding.isGood() ? "ok" : "--", finding.what(), finding.text()));
        }
    }

    private static List<Precision> precisions(BackendProvider provider) {
        return provider.name().equals("reference") ? List.of(Precision.F64) : List.of(Precision.F32, Precision.BF16);
    }

    private static Finding device(BackendProvider provider, Precision precision) {
        String what = "device " + provider.name() + " " + precision.name().toLowerCase(java.util.Locale.ROOT);
        String unavailable = provider.unavailable();
        if (unavailable != null) {
            return new Finding(what, false, unavailable);
        }
        try (Backend backend = provider.open(0, precision)) {
            return new Finding(what, true, backend.info().description());
        } catch (TarnException e) {
            return new Finding(what, false, e.sentence());
        }
    }

    /** Where JavaCPP unpacks the libraries of the CPU backend. */
    private static Path cache() {
        String set = System.getProperty("org.bytedeco.javacpp.cachedir");
        return set == null ? Path.of(System.getProperty("user.home"), ".javacpp", "cache") : Path.of(set);
    }

    private static Finding folder(String what, Path folder) {
        Path existing = folder;
        while (!Files.exists(existing) && existing.getParent() != null) {
            existing = existing.getParent();
        }
        try {
            Files.delete(Files.createTempFile(existing, "tarn", ".tmp"));
            return new Finding(what, true, folder.toString());
        } catch (IOException e) {
            return new Finding(
                    what,
                    false,
                    folder + " cannot be written; free it or name another in TARN_JAVA_OPTS"
                            + (what.equals("temporary files")
                                    ? " with -Djava.io.tmpdir."
                                    : " with -Dorg.bytedeco.javacpp.cachedir."));
        }
    }
}

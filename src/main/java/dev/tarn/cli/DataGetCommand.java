package dev.tarn.cli;

import dev.tarn.data.download.Checksum;
import dev.tarn.data.download.DataSet;
import dev.tarn.data.download.DataSetCache;
import dev.tarn.run.JsonEvent;
import java.nio.file.Path;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tarn data get}. */
@Command(
        name = "get",
        description =
                "Fetch a data set of fastai's: imdb, imdb-sample, wikitext-2 or wikitext-103. A download that stopped"
                        + " goes on when the command is run again.")
final class DataGetCommand extends TarnCommand {

    /** Without a progress bar, a line comes as often as this. */
    private static final int PERCENT_A_LINE = 10;

    @Parameters(paramLabel = "NAME", description = "the data set")
    private String name = "";

    @Option(
            names = "--cache",
            paramLabel = "DIR",
            description = "where to keep it (the environment's " + DataSetCache.VARIABLE + ", or the user's cache)")
    private @Nullable Path cache;

    @Option(names = "--url", description = "fetch its archive from this mirror")
    private @Nullable String url;

    @Option(
            names = "--checksum",
            paramLabel = "MD5|SHA256",
            description = "what the archive of --url must have, as md5:DIGITS or sha256:DIGITS, or none")
    private @Nullable String checksum;

    DataGetCommand(Console console) {
        super(console);
    }

    @Override
    void execute() {
        DataSet set = DataSet.named(name);
        if (url != null) {
            set = set.at(url);
        }
        if (checksum != null) {
            set = set.withChecksum(checksum.equals("none") ? null : Checksum.parse(checksum));
        }
        DataSetCache place = cache != null
                ? new DataSetCache(cache)
                : DataSetCache.ofUser(
                        System.getenv(), System.getProperty("user.home", "."), System.getProperty("os.name", ""));
        Path folder;
        try (Shown shown = new Shown(set)) {
            folder = place.get(set, shown::at, console::note);
        }
        console.result(
                folder.toString(),
                JsonEvent.of("data-set")
                        .with("name", set.name())
                        .with("about", set.about())
                        .with("folder", folder.toString()));
    }

    /** Progress as a bar on a terminal, otherwise as a line now and then. */
    private final class Shown implements AutoCloseable {

        private final DataSet set;
        private @Nullable ProgressBar bar;
        private long told = -1;

        Shown(DataSet set) {
            this.set = set;
        }

        void at(long bytes, long total) {
            if (console.isQuiet()) {
                return;
            }
            if (console.isTerminal()) {
                if (bar == null) {
                    bar = new ProgressBarBuilder()
                            .setTaskName(set.name())
                            .setInitialMax(total)
                            .setUnit(" MiB", 1 << 20)
                            .setStyle(ProgressBarStyle.ASCII)
                            .build();
                }
                bar.stepTo(bytes);
            } else if (total > 0 && bytes * 100 / total / PERCENT_A_LINE != told) {
                told = bytes * 100 / total / PERCENT_A_LINE;
                console.note(String.format(
                        Locale.ROOT, "%s: %d %% of %.1f MiB", set.name(), told * PERCENT_A_LINE, total / 1048576.0));
            }
        }

        @Override
        public void close() {
            if (bar != null) {
                bar.close();
            }
        }
    }
}

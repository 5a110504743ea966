package cryptoviz.delta;

import io.delta.storage.HadoopFileSystemLogStore;
import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Iterator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits to a Delta log on a local file system so that no process can overwrite another's commit.
 *
 * <p>A commit is written whole under a hidden name and then given its own name by link(2), which fails where the name is
 * taken: {@link java.nio.file.FileAlreadyExistsException}, which Delta takes for "somebody was first". delta-rs commits
 * the same way, so the two may share a table. There is no fallback: on a file system without hard links the write fails.
 *
 * <p>Set by {@code spark.delta.logStore.file.impl}. {@value #DURABLE} (default true) syncs the commit to the disk before
 * it gets its name and the folder after; it promises nothing about the data files that the commit names.
 */
public final class HardLinkLogStore extends HadoopFileSystemLogStore {
  public static final String DURABLE = "cryptoviz.commit.durable";
  private static final Logger LOG = LoggerFactory.getLogger(HardLinkLogStore.class);

  public HardLinkLogStore(Configuration hadoopConf) {
    super(hadoopConf);
  }

  @Override
  public void write(Path path, Iterator<String> actions, Boolean overwrite, Configuration hadoopConf) throws IOException {
    java.nio.file.Path target = java.nio.file.Path.of(path.toUri().getPath());
    // Hidden, so that it sorts before every version and neither engine lists it: what a crash leaves behind is inert.
    java.nio.file.Path whole = java.nio.file.Path.of(createTempPath(path).toUri().getPath());
    boolean durable = hadoopConf.getBoolean(DURABLE, true);
    try {
      writeWhole(whole, actions, durable);
      if (overwrite) {
        Files.move(whole, target, StandardCopyOption.ATOMIC_MOVE);
      } else {
        Files.createLink(target, whole);
      }
    } finally {
      deleteQuietly(whole);
    }
    if (durable) {
      syncFolder(target.getParent());
    }
  }

  /**
   * True, although what this class writes appears whole: Delta asks about the file system, in order to know whether the
   * checkpoints that it writes past the LogStore need a temporary name. With false a killed checkpoint stays, torn.
   */
  @Override
  public Boolean isPartialWriteVisible(Path path, Configuration hadoopConf) {
    return true;
  }

  // FileOutputStream gives umask permissions (createTempFile would give 0600), and an interrupt cannot close it.
  private static void writeWhole(java.nio.file.Path file, Iterator<String> lines, boolean durable) throws IOException {
    try (FileOutputStream raw = new FileOutputStream(file.toFile());
        OutputStream out = new BufferedOutputStream(raw)) {
      while (lines.hasNext()) {
        out.write(lines.next().getBytes(StandardCharsets.UTF_8));
        out.write('\n');
      }
      out.flush();
      if (durable) {
        raw.getFD().sync();
      }
    }
  }

  // Here and below the commit may stand already: a failure that reached the caller would tell it the opposite.
  private static void deleteQuietly(java.nio.file.Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException error) {
      LOG.warn("left behind file={}", file, error);
    }
  }

  private static void syncFolder(java.nio.file.Path folder) {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException error) {
      LOG.warn("committed but not synced folder={}", folder, error);
    }
  }
}

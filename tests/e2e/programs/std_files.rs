// What Rust's library does with files, in the directory that the argument names.
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

fn main() -> io::Result<()> {
    let root = std::env::args().nth(1).expect("a directory");
    let root = Path::new(&root);
    let tree = root.join("a/b/c");

    fs::create_dir_all(&tree)?;
    for i in 0..20 {
        fs::write(tree.join(format!("file{i:02}")), format!("line {i}\n").repeat(i))?;
    }
    let mut names: Vec<_> = fs::read_dir(&tree)?
        .map(|entry| entry.map(|e| (e.file_name().into_string().unwrap(), e.file_type().unwrap().is_file())))
        .collect::<io::Result<_>>()?;
    names.sort();
    println!("{} {:?} {:?}", names.len(), names[0], names[19]);

    let mut file = OpenOptions::new().read(true).write(true).open(tree.join("file19"))?;
    file.seek(SeekFrom::End(-8))?;
    let mut last = String::new();
    file.read_to_string(&mut last)?;
    println!("{:?} {}", last, BufReader::new(File::open(tree.join("file10"))?).lines().count());
    file.set_len(7)?;
    file.write_all(b"tail")?;
    println!("{}", file.metadata()?.len());
    println!("{}", fs::copy(tree.join("file05"), root.join("copy"))?);
    fs::rename(root.join("copy"), root.join("renamed"))?;
    println!("{:?}", fs::read_to_string(root.join("renamed"))?.lines().last());
    println!("{:?}", File::open(root.join("copy")).unwrap_err().kind());
    println!("{:?}", fs::create_dir(root.join("a")).unwrap_err().kind());
    println!("{:?}", OpenOptions::new().write(true).create_new(true).open(root.join("renamed")).unwrap_err().kind());
    fs::remove_dir_all(root.join("a"))?;
    println!("{}", fs::read_dir(root)?.count());
    Ok(())
}

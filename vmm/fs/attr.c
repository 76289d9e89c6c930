#include "fs/attr.h"

#include <errno.h>

#define NOBODY 65534u

static uint32_t guest_id(uint32_t id, uint32_t own)
{
	if (id == own)
		return 0;
	return id == 0 ? NOBODY : id;
}

void fs_fill_attr(const struct fs *fs, const struct stat *st, struct fuse_attr *attr)
{
	*attr = (struct fuse_attr){
		/* Files of several mounts may have one number. */
		.ino = st->st_ino ^ (uint64_t)(st->st_dev ^ fs->inodes.root_dev) << 48,
		.size = (uint64_t)st->st_size,
		.blocks = (uint64_t)st->st_blocks,
		.atime = (uint64_t)st->st_atim.tv_sec,
		.mtime = (uint64_t)st->st_mtim.tv_sec,
		.ctime = (uint64_t)st->st_ctim.tv_sec,
		.atimensec = (uint32_t)st->st_atim.tv_nsec,
		.mtimensec = (uint32_t)st->st_mtim.tv_nsec,
		.ctimensec = (uint32_t)st->st_ctim.tv_nsec,
		.mode = st->st_mode,
		.nlink = (uint32_t)st->st_nlink,
		.uid = fs->owner_map ? guest_id(st->st_uid, fs->uid) : st->st_uid,
		.gid = fs->owner_map ? guest_id(st->st_gid, fs->gid) : st->st_gid,
		.rdev = (uint32_t)st->st_rdev,
		.blksize = (uint32_t)st->st_blksize,
	};
}

void fs_fill_entry(const struct fs *fs, const struct fs_inode *inode, const struct stat *st,
		   struct fuse_entry_out *entry)
{
	*entry = (struct fuse_entry_out){
		.nodeid = inode->nodeid,
		.entry_valid = FS_VALID_S,
		.attr_valid = FS_VALID_S,
	};
	fs_fill_attr(fs, st, &entry->attr);
}

uint32_t fs_host_uid(const struct fs *fs, uint32_t uid)
{
	return fs->owner_map && uid == 0 ? fs->uid : uid;
}

uint32_t fs_host_gid(const struct fs *fs, uint32_t gid)
{
	return fs->owner_map && gid == 0 ? fs->gid : gid;
}

mode_t fs_host_mode(mode_t mode, mode_t type)
{
	return mode & (type == S_IFDIR ? 03777 : 01777);
}

int fs_stat(int fd, struct stat *st)
{
	return fstat(fd, st) ? -errno : 0;
}

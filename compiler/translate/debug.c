/* Native pc to Wasm offset: each instruction that can trap or call carries a debug
 * location whose line number is its byte offset in the module. The line table that
 * LLVM makes of them is read back by object/ and becomes struct walnut_map. */
#include "translate.h"

#include <string.h>

static void module_flag(struct module_translator *mt, const char *name, uint32_t value)
{
	LLVMAddModuleFlag(mt->module, LLVMModuleFlagBehaviorWarning, name, strlen(name),
			  LLVMValueAsMetadata(const_u32(mt, value)));
}

void debug_begin(struct module_translator *mt)
{
	static const char file[] = "module.wasm", producer[] = "walnut";

	module_flag(mt, "Debug Info Version", LLVMDebugMetadataVersion());
	module_flag(mt, "Dwarf Version", 5);
	mt->di = LLVMCreateDIBuilder(mt->module);
	mt->di_file = LLVMDIBuilderCreateFile(mt->di, file, sizeof(file) - 1, "", 0);
	mt->di_unit = LLVMDIBuilderCreateCompileUnit(
		mt->di, LLVMDWARFSourceLanguageC99, mt->di_file, producer, sizeof(producer) - 1,
		mt->options->opt_level > 0, "", 0, 0, "", 0, LLVMDWARFEmissionLineTablesOnly, 0,
		false, false, "", 0, "", 0);
	mt->di_type = LLVMDIBuilderCreateSubroutineType(mt->di, mt->di_file, NULL, 0, LLVMDIFlagZero);
}

LLVMMetadataRef debug_function(struct module_translator *mt, LLVMValueRef function,
			       const char *name, size_t name_size)
{
	size_t symbol_size;
	const char *symbol = LLVMGetValueName2(function, &symbol_size);
	LLVMMetadataRef scope;

	if (name_size == 0) {
		name = symbol;
		name_size = symbol_size;
	}
	scope = LLVMDIBuilderCreateFunction(mt->di, mt->di_file, name, name_size, "", 0, mt->di_file,
					    0, mt->di_type, true, true, 0, LLVMDIFlagZero,
					    mt->options->opt_level > 0);
	LLVMSetSubprogram(function, scope);
	return scope;
}

void debug_location(struct func_translator *ft, uint64_t offset)
{
	LLVMMetadataRef location = NULL;

	/* For a debugger every instruction has a place. */
	if (offset == 0 && ft->mt->options->debug_lines)
		offset = ft->offset;
	/* Modules are smaller than 4 GiB: the decoder sees to that. */
	if (offset)
		location = LLVMDIBuilderCreateDebugLocation(ft->mt->context, (unsigned)offset, 0,
							    ft->di_scope, NULL);
	LLVMSetCurrentDebugLocation2(ft->builder, location);
}

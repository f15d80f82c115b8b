package parser

// unsupportedTags are the statements that we know the command tag of only.
var unsupportedTags = map[int]string{
	nCreateTableSpaceStmt:         "CREATE TABLESPACE",
	nDropTableSpaceStmt:           "DROP TABLESPACE",
	nAlterTableSpaceOptionsStmt:   "ALTER TABLESPACE",
	nAlterTableMoveAllStmt:        "ALTER TABLE",
	nAlterExtensionContentsStmt:   "ALTER EXTENSION",
	nCreateFdwStmt:                "CREATE FOREIGN DATA WRAPPER",
	nAlterFdwStmt:                 "ALTER FOREIGN DATA WRAPPER",
	nCreateForeignServerStmt:      "CREATE SERVER",
	nAlterForeignServerStmt:       "ALTER SERVER",
	nCreateForeignTableStmt:       "CREATE FOREIGN TABLE",
	nCreateUserMappingStmt:        "CREATE USER MAPPING",
	nAlterUserMappingStmt:         "ALTER USER MAPPING",
	nDropUserMappingStmt:          "DROP USER MAPPING",
	nImportForeignSchemaStmt:      "IMPORT FOREIGN SCHEMA",
	nCreatePolicyStmt:             "CREATE POLICY",
	nAlterPolicyStmt:              "ALTER POLICY",
	nCreateAmStmt:                 "CREATE ACCESS METHOD",
	nCreateTrigStmt:               "CREATE TRIGGER",
	nCreateEventTrigStmt:          "CREATE EVENT TRIGGER",
	nAlterEventTrigStmt:           "ALTER EVENT TRIGGER",
	nCreatePLangStmt:              "CREATE LANGUAGE",
	nCreateOpClassStmt:            "CREATE OPERATOR CLASS",
	nCreateOpFamilyStmt:           "CREATE OPERATOR FAMILY",
	nAlterOpFamilyStmt:            "ALTER OPERATOR FAMILY",
	nAlterOperatorStmt:            "ALTER OPERATOR",
	nAlterTypeStmt:                "ALTER TYPE",
	nSecLabelStmt:                 "SECURITY LABEL",
	nCreateStatsStmt:              "CREATE STATISTICS",
	nAlterStatsStmt:               "ALTER STATISTICS",
	nRuleStmt:                     "CREATE RULE",
	nCreateRangeStmt:              "CREATE TYPE",
	nLoadStmt:                     "LOAD",
	nAlterDatabaseRefreshCollStmt: "ALTER DATABASE",
	nCreateConversionStmt:         "CREATE CONVERSION",
	nCreateCastStmt:               "CREATE CAST",
	nCreateTransformStmt:          "CREATE TRANSFORM",
	nAlterTSDictionaryStmt:        "ALTER TEXT SEARCH DICTIONARY",
	nAlterTSConfigurationStmt:     "ALTER TEXT SEARCH CONFIGURATION",
	nCreatePublicationStmt:        "CREATE PUBLICATION",
	nAlterPublicationStmt:         "ALTER PUBLICATION",
	nCreateSubscriptionStmt:       "CREATE SUBSCRIPTION",
	nAlterSubscriptionStmt:        "ALTER SUBSCRIPTION",
	nDropSubscriptionStmt:         "DROP SUBSCRIPTION",
	nAlterCollationStmt:           "ALTER COLLATION",
}

func unsupportedTag(kind int, m msg) string {
	switch kind {
	case nDefineStmt:
		return "CREATE " + string(objectKind(m.num(fDefineStmtKind)))
	case nAlterObjectDependsStmt:
		return "ALTER " + string(objectKind(m.num(fAlterObjectDependsStmtObjectType)))
	}
	return unsupportedTags[kind]
}
